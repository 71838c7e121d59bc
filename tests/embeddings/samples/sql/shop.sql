-- The tables of a shop, in the words of several dialects.
CREATE SCHEMA shop;

-- Who buys.
CREATE TABLE IF NOT EXISTS shop.customers (
  id serial PRIMARY KEY,
  "full name" text NOT NULL DEFAULT 'O''Brien',
  discount numeric(5, 2) CHECK (discount <= 12.5),
  since timestamp with time zone
);

CREATE TABLE [dbo].[Order Lines] (
  [Id] int NOT NULL,
  [Customer] int REFERENCES customers (id)
);

CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE SEQUENCE receipts START 100;
CREATE UNIQUE INDEX by_day ON orders (day, lower(place));

/* What is still owed: debts, and nothing else. */
CREATE VIEW debts AS
SELECT c.id, sum(o.price) AS debts, count(*)
FROM {{ ref('customers') }} c
LEFT JOIN orders o ON o.customer = c.id AND NOT o.paid
WHERE o.day BETWEEN $1 AND :until OR c.name NOT LIKE 'test%'
GROUP BY c.id
ORDER BY 2 DESC;

CREATE FUNCTION raised(amount int) RETURNS int AS $body$
  SELECT amount + raised(amount - 1) FROM steps WHERE step > 0 AND true;
$body$ LANGUAGE sql IMMUTABLE;

CREATE TRIGGER audited AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION audit();

-- The grammar knows no such head; its statements count.
CREATE PROCEDURE close_orders @day int AS
BEGIN
  DELETE FROM #open WHERE day < @day;
END;

-- name: oldest_customers :many
WITH old AS (SELECT id FROM customers WHERE since < $1)
SELECT * FROM old LIMIT 10;

INSERT INTO orders (id, day) VALUES (1, null);
UPDATE orders SET price = -price * 1.2, day = current_date WHERE id IN (1, 2);

<?php

declare(strict_types=1);

/** What a shop sells. */

namespace Shop\Stock;

use Countable;

const LIMIT = 10;
define('CURRENCY', 'EUR');

/**
 * Anything with a price.
 *
 * @template T
 */
interface Priced
{
    public const FREE = 0.0;

    /** In euros. */
    public function price(int $count): float;
}

trait Counts
{
    private int $count = 0;

    protected function increase(): void
    {
        $this->count++;
    }
}

enum Size: string
{
    case Small = 's';
    case Large = 'l';

    public function label(): string
    {
        return ucfirst("size {$this->value}");
    }
}

/**
 * A basket of things.
 */
#[Entity]
abstract class Basket extends Model implements Countable, Priced
{
    use Counts;

    /** The largest one. */
    public const SIZE = 1_000;

    /** @var Item[] */
    protected array $items = [];
    private static ?Basket $last;
    public string $owner {
        get => $this->name;
        set(string $name) { $this->name = trim($name); }
    }

    public function __construct(private readonly string $name = '') {}

    /**
     * Adds an item.
     *
     * @return static
     */
    #[Pure]
    public static function add(Item $item, Item ...$more): static
    {
        $sum = array_map(fn($each) => $each->price, $more);
        if (!$item || count($sum) > self::SIZE) {
            throw new \Exception('full');
        }
        return self::add(...$more);
    }

    abstract protected function total(): int;
}

/** A helper. */
function &names(array &$items): array
{
    return array_keys($items);
}

$double = function (int $x) use ($items) {
    return $x * 2;
};
$triple = fn($x) => $x * 3;
$settings = ['debug' => true];
$guest = new class extends Basket {
    public function total(): int
    {
        return -1;
    }
};

Route::get('/items/{id}', function ($id) {
    return Item::find($id);
})->name('item');
$app->post('/items', fn() => new Item());

it('is empty at first', function () {
    expect(new Basket())->toHaveCount(0);
});

if (!function_exists('fallback')) {
    function fallback()
    {
        return <<<TEXT
            Nothing for {$settings['debug']}.
            TEXT;
    }
}
?>
<h1>Items of <?= $title ?></h1>
<?php foreach ($items as $item): ?>
  <li class="item"><?php echo $item->name ?></li>
<?php endforeach; ?>

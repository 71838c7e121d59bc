/**
 * What a shop can do.
 */
import { log } from './log.js';

export const LIMIT = 3, OTHER = 4;

// Opens the door
// in the morning.
export const open = async (door) => door ?? LIMIT;

/** Closes everything. */
export default class Shop extends Place {
  static #count = 1;
  name = 'shop';
  close = () => { this.#lock(`${this.name} is closed at ${LIMIT + 1}\n`); };

  /**
   * Sells one.
   * @param {string} what
   */
  async sell(what, { price = 1, ...rest } = {}) {
    // eslint-disable-next-line
    return what === 'it\'s' ? await this.sell(rest) : /a+b/g;
  }

  get size() { return typeof this.count; }

  #lock() { i++; }
}

// eslint-disable-next-line no-undef
function* walk(list) {
  const visit = function named(x) { yield* visit(x); };
  for (const x of list) { yield x; }
}

Shop.prototype.greet = function (who) { return <b className="big">hello {who}</b>; };

module.exports = {
  buy(thing) { return thing; },
  pay: (sum) => sum ** 2,
};

/** Weighs things. */
exports.Scale = class extends Tool { weigh() { return 0; } };
exports = module.exports = function createShop() {};
export const shelf = Object.freeze({ row: { 'top left': () => 1, 7: function () {} } });
const search = debounce((words) => find(words), 200), wait = 5;
const found = things.map((thing) => thing.name);
describe('shop', () => {
  // It must not lose them.
  it(`keeps ${LIMIT} things`, async () => { await open(); });
});
app.post('/things/:id', guard, function save(request) { return request.id; });
const list = { [Symbol.iterator]() { return this[Symbol.iterator]; }, "a-b"(x) { return x; } };

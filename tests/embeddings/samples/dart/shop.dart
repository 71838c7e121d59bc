/// A small shop.
library shop;

import 'dart:math';

part 'shelf.dart';

/// The largest number of articles.
const limit = 1000;
final names = <String>['north', "south"];
var opened = false, closed = true;
late String place;

typedef Cents = int;
typedef bool Visitor(Article article);

/// What can be sold.
abstract class Sold<K extends Object> {
  /// The price in cents.
  Cents get price;
  set price(Cents cents);
  Future<void> sell(int count);
}

enum Colour {
  red(1),
  green(2);

  const Colour(this.code);
  final int code;

  bool get isRed => this == red;
}

/// An article.
///
/// It is sold by the piece.
@immutable
class Article<K extends Object> extends Sold<K> with Named implements Comparable {
  static const none = 'none';
  final K key;
  int? _stock = 0, shelf;

  Article(this.key, {this.shelf = 1}) : _stock = 0;

  Article.empty(K key) : this(key);

  const Article.fixed(this.key);

  factory Article.named(String name) {
    return Article.empty(name as K);
  }

  /// The price in cents.
  @override
  Cents get price => _stock! * 2;

  @override
  set price(Cents cents) {
    _stock = cents ~/ 2;
  }

  // Sells some of it.
  @override
  Future<void> sell(int count) async {
    int rest(int sold) => (_stock ?? 0) - sold;
    _stock = rest(count);
    print("sold $count of ${key.toString()}");
  }

  Article operator +(Article other) => Article(key);

  bool operator ==(Object other) {
    return other is Article && other.key == key;
  }

  int operator [](int place) => place;

  static Article parse(String text) => throw r'none';

  external void release();
}

mixin Named on Object {
  String get name => 'a';
}

/// Words.
extension Words on String {
  String shout() => toUpperCase() + '!';
}

extension type Name(String text) {
  int get size => text.length;
}

sealed class Answer {}

class Yes = Answer with Named;

/* Adds up prices. */
@pragma('vm:prefer-inline')
Cents total(List<Cents> prices, [int? first]) {
  var sum = 0x0;
  for (final price in prices) {
    sum += price;
  }
  return sum;
}

Cents twice(Cents cents) => cents * 2;

Stream<int> count() async* {
  yield 1;
}

int get shelves => 3;

set shelves(int count) {}

final byPrice = (Cents a, Cents b) => a.compareTo(b);

void main() {
  group('a shop', () {
    test('that is empty sells nothing', () {
      expect(total([]), 1.5e3);
    });
  });
}

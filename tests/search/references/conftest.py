from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from codeindex.models import Repository
from tests import shelf

CART = """from shop.prices import total


class Cart:
    def add(self, article):
        self.articles.append(article)

    def pay(self):
        self.add(None)
        return total(self.articles)


class Basket:
    def add(self, article):
        raise NotImplementedError

    def fill(self):
        self.add(None)
"""
PRICES = """def total(articles):
    return sum(map(price, articles))


def price(article):
    return article.price


def refund(articles):
    return -total(articles)
"""
ORDERS = """from shop import prices
from shop.cart import Cart


def order(articles):
    cart = Cart()
    cart.add(articles)
    return prices.total(articles)


def later():
    return order


order([])
"""
TOTALS = """def total(numbers):
    return sum(numbers)


def mean(numbers):
    return total(numbers) / len(numbers)
"""


@pytest.fixture
def shop(alice: User) -> Repository:
    """Alice's repository, which is hers and her team's."""
    made = shelf.repository(alice, teams=alice.groups.all())
    for name, source in {"cart": CART, "prices": PRICES, "orders": ORDERS}.items():
        shelf.put_source(made, f"shop/{name}.py", source)
    return made

"""What a dotted name may stand for: a definition by its name and those that enclose it, or by the
end of its module's path and its whole name within the module."""

from __future__ import annotations

import re
from collections.abc import Sequence


def condition(symbol: Sequence[str]) -> tuple[str, dict[str, object]]:
    """The condition of SQL that a definition in a file is called so, and its parameters. Of
    `shop.cart.Cart.add` it holds for what is called so in full or at the end of its qualified name,
    for Cart.add in shop/cart, for cart.Cart.add in shop, …"""
    dotted = ".".join(symbol)
    called = [
        "definition.qualified_name = %(name)s",
        "right(definition.qualified_name, length(%(ending)s)) = %(ending)s",
    ]
    given: dict[str, object] = {"name": dotted, "ending": f".{dotted}"}
    for parts in range(1, len(symbol)):
        module, name = f"module_{parts}", f"name_{parts}"
        called.append(f"definition.qualified_name = %({name})s AND file.path ~ %({module})s")
        path = "/".join(map(re.escape, symbol[:parts]))
        given[module] = rf"(^|/){path}(/__init__)?\.[^/.]+$"
        given[name] = ".".join(symbol[parts:])
    return f"({' OR '.join(called)})", given

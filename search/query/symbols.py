"""What a dotted name may stand for: a definition by its name and those that enclose it, or by the
end of its module's path and its whole name within the module."""

from __future__ import annotations

import re
from collections.abc import Sequence


def name_condition(symbol: Sequence[str]) -> tuple[str, dict[str, object]]:
    """The SQL condition that a definition in a file has this name, and its parameters.

    For `shop.cart.Cart.add` it holds for a definition whose qualified name is this or ends so, for
    Cart.add in shop/cart, for cart.Cart.add in shop, …"""
    dotted = ".".join(symbol)
    alternatives = [
        "definition.qualified_name = %(name)s",
        "right(definition.qualified_name, length(%(ending)s)) = %(ending)s",
    ]
    parameters: dict[str, object] = {"name": dotted, "ending": f".{dotted}"}
    for parts in range(1, len(symbol)):
        module, name = f"module_{parts}", f"name_{parts}"
        alternatives.append(f"definition.qualified_name = %({name})s AND file.path ~ %({module})s")
        path = "/".join(map(re.escape, symbol[:parts]))
        parameters[module] = rf"(^|/){path}(/__init__)?\.[^/.]+$"
        parameters[name] = ".".join(symbol[parts:])
    return f"({' OR '.join(alternatives)})", parameters

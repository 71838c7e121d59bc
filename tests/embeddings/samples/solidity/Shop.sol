// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {ERC20} from "./ERC20.sol";

using {add as +} for Cents global;

/// Prices in hundredths.
type Cents is uint256;

uint256 constant LARGEST_ORDER = 100;

error TooMany(uint256 wanted);

/// @notice Adds prices.
function add(Cents a, Cents b) pure returns (Cents) {
    return Cents.wrap(Cents.unwrap(a) + Cents.unwrap(b));
}

enum State {
    Open,
    Closed
}

struct Book {
    string title;
    mapping(address => uint256) copies;
}

interface IShop {
    /// @notice Sells one.
    function sell(uint256 id) external returns (bool);
}

/**
 * @title Sells books.
 * @dev Knows no discounts.
 */
abstract contract Shop is IShop, Base(1) {
    using Math for uint256;

    address public immutable owner;
    /// The price of a book.
    uint256 private _price = 10 ether;
    mapping(uint256 => Book) public books;

    /// Someone bought it.
    event Sold(uint256 indexed id, address buyer);

    error Closed(uint256 since);

    enum Shelf { Upper, Lower }

    struct Place {
        Shelf shelf;
    }

    modifier onlyOwner() virtual {
        require(msg.sender == owner, "not the owner");
        _;
    }

    constructor(address owner_) Base(2) {
        owner = owner_;
    }

    /// @inheritdoc IShop
    function sell(uint256 id) public virtual override onlyOwner returns (bool) {
        if (books[id].copies[msg.sender] == 0 && !closed) revert TooMany(id);
        uint256 rest = _price % 0x10;
        unchecked { rest -= 1; }
        emit Sold(id, msg.sender);
        assembly {
            let size := mload(0x40)
        }
        return true;
    }

    function price() public view virtual returns (uint256);

    receive() external payable {
        total += msg.value;
    }

    fallback() external {
        revert("no such sale");
    }
}

library Math {
    function half(uint256 x) internal pure returns (uint256) {
        return x / 2;
    }
}

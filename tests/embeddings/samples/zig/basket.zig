//! Baskets of a shop.

const std = @import("std");

/// How many fit.
pub const limit: u32 = 10;
var open: bool = true;

/// A basket of items.
pub const Basket = struct {
    items: []const u8,
    count: usize = 0,

    const none = Basket{ .items = "" };

    /// Adds an item.
    pub fn add(self: *Basket, item: u8) !void {
        if (self.count >= limit or !open) return error.Full;
        self.items[self.count] = item;
        self.count += 1;
    }

    fn init() @This() {
        return .{ .items = &.{} };
    }
};

const Point = struct { x: f32 = 1.5, y: f32 };

const Size = enum(u8) {
    small,
    large,

    pub fn label(size: Size) []const u8 {
        return switch (size) {
            .small => "small",
            .large => "large",
        };
    }
};

const Price = union(enum) { free, cents: u64 };
const Problem = error{ Full, Empty };
const Handle = opaque {
    pub fn close(_: *Handle) void {}
};

/// A list of anything.
pub fn List(comptime T: type) type {
    return struct {
        items: []T,

        pub fn push(self: *@This(), item: T) void {
            self.items[0] = item;
        }
    };
}

extern "c" fn puts(text: [*:0]const u8) c_int;

const usage =
    \\usage: basket NAME
    \\
;

test "a basket takes an item" {
    var basket = Basket.none;
    try basket.add('x');
    try std.testing.expectEqual(@as(usize, 1), basket.count);
}

test List {
    _ = List(u8);
}

comptime {
    std.debug.assert(limit > 1);
}

#!/usr/bin/env lua
--- A basket of things.

local json = require("json")
local Basket = {}
Basket.__index = Basket

--- How many fit.
local LIMIT <const> = 10
Basket.size, VERSION = 0, "1.0"

--- Makes a basket.
-- @param items what is in it
function Basket.new(items)
  local copy = function(item) return item end
  return setmetatable({ items = copy(items) }, Basket)
end

--[[ Adds an item.
     More are refused. ]]
function Basket:add(item, ...)
  if #self.items >= LIMIT and not self.open then
    error("full: " .. item.name)
  end
  self.items[#self.items + 1] = item
end

local function total(items)
  local sum = 0
  for _, item in ipairs(items) do
    sum = sum + item.price * 1.5
  end
  return sum
end

function shop.stock.count() end

Basket.sum = function(self)
  return total(self.items)
end

local describe_item = function(item)
  return [[
    long text about ]] .. item.name
end

local commands = {
  name = "basket",
  list = function(basket)
    return json.encode(basket.items)
  end,
  ["clear"] = function(basket) basket.items = {} end,
}

describe("a basket", function()
  it("is empty at first", function()
    assert.same({}, Basket.new({}).items)
  end)
end)

return Basket

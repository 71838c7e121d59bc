# Baskets of a shop.

"""
    Shop

Baskets and items.
"""
module Shop

import Base: show
export add

# How many fit.
const LIMIT = 10
colours::Vector{String} = ["red", "green"]

"A basket of items."
struct Basket{T} <: AbstractBasket
    items::Vector{T}
    size::Int
    Basket(items) = new{Int}(items, length(items))
end

mutable struct Item
    price
end

abstract type AbstractBasket end
primitive type Byte 8 end
@enum Colour red green

Base.@kwdef struct Options
    size::Int = 1
end

"""
    add(basket, item)

Adds an item, unless the basket is full.
"""
function add(basket::Basket, item; size=1)::Basket
    total(prices) = sum(prices)
    if basket.size >= LIMIT && !isempty(item)
        error("full: $(item.price)")
    end
    return Basket(vcat(basket.items, item))
end

# Adds nothing.
add(basket) = basket
area(shape::Shape)::Float64 where {T} = shape.width * 1.5
Base.show(io::IO, basket::Basket) = print(io, "a basket of $(basket.size)")

function Base.length(basket::Basket{T}) where {T}
    basket.size
end

+(left::Basket, right::Basket) = left
square = x -> x^2
function prepare end

"Twice the same."
macro twice(code)
    :($code; $code)
end

"Fast."
@inline fast(x) = x

@testset "a basket takes an item" begin
    @test add(Basket([]), 1).size == 1
end

end

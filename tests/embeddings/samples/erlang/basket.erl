%% Copyright 2020 The shop.

%% @doc Baskets of a shop.
-module(basket).

-behaviour(gen_server).

-export([start/1, add/2, total/1]).
-include_lib("eunit/include/eunit.hrl").

-define(LIMIT, 100).
-define(DISCOUNT(Price, Rate), Price * Rate div 100).

%% One thing in a basket.
-record(item, {
    name :: binary(),
    price = 0 :: non_neg_integer()
}).

-type basket() :: [#item{}].
-opaque key() :: {basket, integer()}.

-callback priced(Item :: term()) -> integer().

%% @doc Adds an item to the basket,
%% unless the basket is full.
-spec add(#item{}, basket()) -> {ok, basket()} | full.
add(_Item, Basket) when length(Basket) >= ?LIMIT ->
    full;
add(#item{price = Price} = Item, Basket) when is_integer(Price), Price > 0 ->
    {ok, [Item | Basket]};
add(Name, Basket) ->
    add(#item{name = Name, price = 1}, Basket).

start(Name) ->
    gen_server:start_link({local, Name}, ?MODULE, [], []).

% Their sum.
total(Basket) ->
    Prices = [P || #item{price = P} <- Basket, P =/= 0],
    lists:foldl(fun(P, Sum) -> P + Sum end, 0, Prices).

-ifdef(TEST).
total_test() ->
    ?assertEqual(3, total([#item{price = 3}])).
-endif.

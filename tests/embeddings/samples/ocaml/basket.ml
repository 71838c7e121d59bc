(* Baskets of a shop. *)

open Base

(** How many fit. *)
let limit = 10

type colour = Red | Green of int

(** A basket of items. *)
type 'a basket = { items : 'a list; mutable size : int }

type name = string and price = float

exception Full of string

external now : unit -> float = "shop_now"

(** Adds an item, unless the basket is full. *)
let add basket item =
  let total prices = List.fold_left ( +. ) 0. prices in
  if basket.size >= limit then raise (Full "basket")
  else { basket with items = item :: basket.items; size = int_of_float (total []) }

let rec even n = n = 0 || odd (n - 1)
and odd n = n <> 0 && even (n - 1)

let square = fun x -> x * x

let name_of = function
  | Red -> "red"
  | Green n -> Printf.sprintf "green %d" n

let ( |+ ) basket item = add basket item

(** Whatever has a size. *)
module type Sized = sig
  type t

  (** How large it is. *)
  val size : t -> int
end

module Shelf = struct
  let width = 1.5

  module Top = struct
    let reach () = "high"
  end
end

module Make (Item : Sized) : Sized with type t = Item.t = struct
  type t = Item.t

  let size item = Item.size item
end

(** Counts. *)
class counter start = object (self)
  val mutable count = start
  method increase = count <- count + 1
  method private add n = count <- count + n
end

class type counting = object
  method increase : unit
end

let%test "a basket takes an item" = (add { items = []; size = 0 } 1).size = 0

let () =
  let basket = { items = []; size = 0 } in
  print_endline (name_of Red ^ " in main")

(** Baskets of a shop. *)

open Base

(** How many fit. *)
val limit : int

(** A basket of items. *)
type 'a basket

type colour = Red | Green

exception Full of string

val add : 'a basket -> 'a -> 'a basket
(** Adds an item. *)

external now : unit -> float = "shop_now"

module Shelf : sig
  val width : float
end

module type Sized = sig
  type t

  val size : t -> int
end

class counter : int -> object
  method increase : unit
end

(ns library.lending
  "Lends books."
  (:require [clojure.string :as str]))

;; The days that a book may be kept.
(def max-days 28)

(def ^:private shelves
  "Where books stand."
  {:upper 1 :lower 2})

(defonce state (atom {}))

(declare lend)

(defn lend
  "Lends a book to a reader."
  ([book] (lend book nil))
  ([book reader]
   (let [due (+ max-days 1)]
     (swap! state assoc book {:reader reader :due due})
     (str/upper-case "done"))))

; Only for readers.
(defn- known? [reader]
  (contains? @state reader))

(defmacro with-reader
  "Binds the reader."
  [name & body]
  `(let [~name (current)] ~@body))

(defmulti fee "What is due." :kind)

(defmethod fee :book [item]
  (* 2 (:days item)))

(defprotocol Lendable
  "What can be lent."
  (due-date [this] "When it is due.")
  (renew [this days]))

(defrecord Book [title author]
  Lendable
  (due-date [_] (:due title))
  (renew [this days] (assoc this :days days)))

(deftype Shelf [^:mutable places]
  Object
  (toString [_] (str places)))

(extend-type String
  Lendable
  (due-date [s] nil))

(deftest lends-once
  (is (= 1 (count (lend "A")))))

(s/def ::isbn string?)

(comment
  (lend "A book"))

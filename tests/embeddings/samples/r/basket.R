# Baskets of a shop.

library(methods)

LIMIT <- 10
colours = c("red", "green")

#' Adds an item to a basket.
#'
#' @param basket a list
#' @export
add <- function(basket, item, ..., size = 1L) {
  total <- function(prices) sum(prices)
  if (length(basket) >= LIMIT && !size) {
    stop("full: ", item)
  }
  c(basket, item)
}

square <- \(x) x^2
halve = function(x) x / 2
`%then%` <- function(a, b) paste0(a, b)
print.basket <- function(x, ...) cat("a basket\n")
shop$open <- function(at) shop$hours[[at]]

setClass("Item", representation(price = "numeric"))
Shelf <- setClass("Shelf", slots = c(items = "list"))
setGeneric("price", function(thing, ...) standardGeneric("price"))
setMethod("price", "Item", function(thing, ...) {
  thing@price
})

#' A stack of items.
Stack <- R6::R6Class("Stack",
  public = list(
    items = NULL,

    #' @description Puts an item on top.
    push = function(item) {
      self$items <- c(self$items, item)
      invisible(self)
    }
  ),
  active = list(
    size = function() length(self$items)
  )
)

test_that("a basket takes an item", {
  expect_equal(add(list(), 1), list(1))
})

server <- function(input, output) {
  output$plot <- renderPlot({
    plot(1.5)
  })
}

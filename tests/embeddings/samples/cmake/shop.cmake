# Builds the shop.
cmake_minimum_required(VERSION 3.20)
project(shop VERSION 1.2 LANGUAGES CXX)

#[[ Where books
are kept. ]]
set(BOOKS_DIR "${CMAKE_SOURCE_DIR}/books" CACHE PATH "Where books are.")
option(WITH_TESTS "Build the tests." ON)

# Adds one part of the shop.
#
# Its sources follow the name.
function(add_part name)
  cmake_parse_arguments(PART "" "KIND" "SOURCES" ${ARGN})
  if(PART_KIND STREQUAL "library" AND NOT DISABLED)
    add_library(${name} ${PART_SOURCES})
  else()
    message(FATAL_ERROR "unknown kind ${PART_KIND}")
  endif()
endfunction()

macro(append_all list)
  foreach(item IN LISTS ARGN)
    list(APPEND ${list} ${item})
  endforeach()
endmacro()

# The server.
add_executable(server
  main.cpp
  basket.cpp)
target_link_libraries(server PRIVATE books)
add_library(books STATIC books.cpp)
add_custom_target(docs COMMAND doxygen)
add_test(NAME lending COMMAND lending_test --all)

if(WITH_TESTS)
  add_subdirectory(tests)
endif()

# How this project compiles: flags, packages and the two functions that every folder uses.
#
#   touchstone_folder(conformance/observe DEPS fmt::fmt conformance_process [SHARDS 4])
#
# makes the static library `conformance_observe` from the folder's *.cc, the GoogleTest program
# `conformance_observe_test` from its *_test.cc and the benchmark from its *_bench.cc. A new file is
# picked up by the next build; no list has to be edited.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2")  # without NDEBUG: asserts guard programmer's errors, always
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

option(TOUCHSTONE_WERROR "Warnings are errors (CI sets this)" OFF)
option(TOUCHSTONE_FUZZ "Build the libFuzzer targets; needs clang (preset fuzz)" OFF)
option(TOUCHSTONE_COVERAGE "Count executed lines (preset coverage)" OFF)
set(TOUCHSTONE_SANITIZE "" CACHE STRING "Sanitizers, for example address,undefined or thread")

add_compile_options(-Wall -Wextra -Wpedantic $<$<BOOL:${TOUCHSTONE_WERROR}>:-Werror>)
if(TOUCHSTONE_SANITIZE)
  add_compile_options(-fsanitize=${TOUCHSTONE_SANITIZE} -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${TOUCHSTONE_SANITIZE})
  if(TOUCHSTONE_SANITIZE MATCHES address AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # As shared libraries the two do not share their options: UBSan's log_path would be ignored.
    add_link_options(-static-libasan -static-libubsan)
  endif()
endif()
if(TOUCHSTONE_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()

find_program(TOUCHSTONE_CCACHE ccache)
if(TOUCHSTONE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TOUCHSTONE_CCACHE})
endif()

find_package(Threads REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)  # Asio, Beast and Process v2 are headers of the same
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_file(TOUCHSTONE_CHART_JS chart.min.js PATHS /usr/share/javascript/chart.js REQUIRED)

# Paths that tests and defaults need, relative to the source tree or the build tree.
get_filename_component(TOUCHSTONE_SOURCE_DIR ${CMAKE_CURRENT_LIST_DIR}/../.. ABSOLUTE)

# The library carries the files; touchstone::Asset() finds them by their names.
function(touchstone_embed LIBRARY)
  set(OUT ${CMAKE_CURRENT_BINARY_DIR}/${LIBRARY}_assets.cc)
  set(SCRIPT ${TOUCHSTONE_SOURCE_DIR}/ci/cmake/EmbedFiles.cmake)
  string(REPLACE ";" "|" FILES "${ARGN}")
  add_custom_command(OUTPUT ${OUT} DEPENDS ${ARGN} ${SCRIPT} VERBATIM
                     COMMAND ${CMAKE_COMMAND} -DOUT=${OUT} -DFILES=${FILES} -P ${SCRIPT})
  target_sources(${LIBRARY} PRIVATE ${OUT})
endfunction()

function(touchstone_folder FOLDER)
  cmake_parse_arguments(ARG "REGISTERS" "SHARDS" "DEPS;TEST_DEPS" ${ARGN})
  string(REPLACE "/" "_" NAME ${FOLDER})
  string(REPLACE "-" "_" NAME ${NAME})
  set(DIR ${TOUCHSTONE_SOURCE_DIR}/${FOLDER})
  file(GLOB ALL CONFIGURE_DEPENDS ${DIR}/*.cc)
  set(TESTS ${ALL})
  set(BENCHES ${ALL})
  list(FILTER TESTS INCLUDE REGEX "_test\\.cc$")
  list(FILTER BENCHES INCLUDE REGEX "_bench\\.cc$")
  list(FILTER ALL EXCLUDE REGEX "(_test|_bench|/main)\\.cc$")

  if(ALL)
    # Objects that register themselves are called by nobody: a linker would leave them in an archive.
    # Whoever links to such a folder directly gets all of it.
    if(ARG_REGISTERS)
      add_library(${NAME} OBJECT ${ALL})
    else()
      add_library(${NAME} STATIC ${ALL})
    endif()
    target_include_directories(${NAME} PUBLIC ${TOUCHSTONE_SOURCE_DIR})
    target_link_libraries(${NAME} PUBLIC ${ARG_DEPS} Threads::Threads)
    set(SELF ${NAME})
  else()
    set(SELF ${ARG_DEPS})
  endif()
  if(TESTS)
    add_executable(${NAME}_test ${TESTS})
    target_include_directories(${NAME}_test PRIVATE ${TOUCHSTONE_SOURCE_DIR})
    # What a test says runs once: to compile it takes longer than it could ever gain.
    target_compile_options(${NAME}_test PRIVATE $<$<CONFIG:Release>:-O0>)
    target_compile_definitions(${NAME}_test PRIVATE
      TOUCHSTONE_SOURCE_DIR="${TOUCHSTONE_SOURCE_DIR}"
      TOUCHSTONE_BINARY_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
    target_link_libraries(${NAME}_test PRIVATE ${SELF} ${ARG_TEST_DEPS} GTest::gtest GTest::gtest_main)
    # One ctest entry per program: a process start per TEST() would cost more than most tests.
    # Tests that mostly wait do so at the same time, as so many processes (SHARDS).
    if(ARG_SHARDS)
      add_test(NAME ${NAME}
               COMMAND ${TOUCHSTONE_SOURCE_DIR}/ci/in-shards ${ARG_SHARDS} $<TARGET_FILE:${NAME}_test>)
    else()
      add_test(NAME ${NAME} COMMAND ${NAME}_test)
    endif()
    set_tests_properties(${NAME} PROPERTIES TIMEOUT 300)
  endif()
  if(BENCHES)
    add_executable(${NAME}_bench ${BENCHES})
    target_include_directories(${NAME}_bench PRIVATE ${TOUCHSTONE_SOURCE_DIR})
    target_link_libraries(${NAME}_bench PRIVATE ${SELF} benchmark::benchmark_main)
  endif()
endfunction()

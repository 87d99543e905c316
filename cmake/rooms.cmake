# A room is one folder of src/ with one subject. It becomes a library, its *_test.cc files a
# test program. What a room may use is said once, in src/CMakeLists.txt.

add_library(latchkey_flags INTERFACE)
target_compile_options(latchkey_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough
  -fno-omit-frame-pointer
  # Lets ccache recognise an unchanged precompiled header.
  "SHELL:-Xclang -fno-pch-timestamp")
target_link_options(latchkey_flags INTERFACE -fuse-ld=lld-19 -Wl,--as-needed)
# Hardening: position-independent, no lazy binding, canaries, checked bounds of containers.
target_compile_options(latchkey_flags INTERFACE -fPIE -fstack-protector-strong)
target_compile_definitions(latchkey_flags INTERFACE _GLIBCXX_ASSERTIONS
  $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
target_link_options(latchkey_flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack)
target_include_directories(latchkey_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_include_directories(latchkey_flags SYSTEM INTERFACE ${Boost_INCLUDE_DIRS})
# Asio is compiled once, in platform/asio/asio.cc, Beast in platform/http/boost.cc.
target_compile_definitions(latchkey_flags INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(latchkey_flags INTERFACE Threads::Threads Boost::json)
if(LATCHKEY_SANITIZE)
  # Several files of a room as one: most of a file's compile time is for what it includes, and this
  # tree is made anew in every run of CI (docs/decisions/0003-what-ci-runs.md). The release tree
  # compiles each by itself, so that each includes what it uses.
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 12)
  target_compile_options(latchkey_flags INTERFACE
    -fsanitize=${LATCHKEY_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(latchkey_flags INTERFACE -fsanitize=${LATCHKEY_SANITIZE})
endif()
if(LATCHKEY_FUZZ)
  target_compile_options(latchkey_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Tests are compiled as they stand: optimising them takes more than half of their compile time, and
# the rooms they test are optimised. (Nothing can be fortified without the optimiser.)
add_library(latchkey_test_flags INTERFACE)
target_link_libraries(latchkey_test_flags INTERFACE latchkey_flags)
target_compile_options(latchkey_test_flags INTERFACE -O0 -U_FORTIFY_SOURCE)

# The precompiled header that every room reuses, and the one that every test does.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/pch.cc CONTENT "")
add_library(latchkey_pch OBJECT ${CMAKE_BINARY_DIR}/pch.cc)
target_link_libraries(latchkey_pch PRIVATE latchkey_flags)
target_precompile_headers(latchkey_pch PRIVATE ${CMAKE_SOURCE_DIR}/src/pch.h)
add_library(latchkey_test_pch OBJECT ${CMAKE_BINARY_DIR}/pch.cc)
target_link_libraries(latchkey_test_pch PRIVATE latchkey_test_flags GTest::gmock)
target_precompile_headers(latchkey_test_pch PRIVATE ${CMAKE_SOURCE_DIR}/src/pch.h
  <gmock/gmock.h> <gtest/gtest.h>)

# Every room's unit tests; ctest runs them.
enable_testing()
add_custom_target(unit_tests)

# latchkey_room(platform/http USES platform/text LIBRARIES OpenSSL::Crypto)
# SOURCES names generated files beside those of the folder. APART names files that cannot be compiled
# together with others of the room, for they give the same name to something else. TESTS_USE names rooms that only the
# tests use, with their test support; they may stand above.
function(latchkey_room path)
  cmake_parse_arguments(ROOM "" "" "USES;TESTS_USE;LIBRARIES;SOURCES;APART" ${ARGN})
  string(REPLACE "/" "_" name ${path})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${path}/*.cc)
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${path}/*_test.cc)
  file(GLOB test_support CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${path}/*_testing.cc)
  list(REMOVE_ITEM sources ${tests} ${test_support} ${CMAKE_SOURCE_DIR}/src/app/main.cc)
  list(APPEND sources ${ROOM_SOURCES})
  list(TRANSFORM ROOM_APART PREPEND ${CMAKE_SOURCE_DIR}/src/${path}/)
  set_source_files_properties(${ROOM_APART} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  set(uses)
  foreach(room ${ROOM_USES})
    string(REPLACE "/" "_" use ${room})
    list(APPEND uses ${use})
  endforeach()
  set(tests_use)
  foreach(room ${ROOM_TESTS_USE})
    string(REPLACE "/" "_" use ${room})
    list(APPEND tests_use ${use} $<TARGET_NAME_IF_EXISTS:${use}_testing>)
  endforeach()
  if(NOT path STREQUAL platform/asio)  # the precompiled header brings Asio into every file
    list(APPEND uses platform_asio)
  endif()
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC latchkey_flags ${uses} ${ROOM_LIBRARIES})
    target_precompile_headers(${name} REUSE_FROM latchkey_pch)
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE latchkey_flags ${uses} ${ROOM_LIBRARIES})
  endif()
  if(test_support)
    add_library(${name}_testing STATIC ${test_support})
    target_link_libraries(${name}_testing PUBLIC ${name} ${tests_use} latchkey_test_flags GTest::gtest)
    target_precompile_headers(${name}_testing REUSE_FROM latchkey_test_pch)
    foreach(use ${uses})
      if(TARGET ${use}_testing)
        target_link_libraries(${name}_testing PUBLIC ${use}_testing)
      endif()
    endforeach()
  endif()
  if(tests AND NOT LATCHKEY_FUZZ)
    add_executable(unit_${name} ${tests})
    target_link_libraries(unit_${name} PRIVATE ${name} ${tests_use} latchkey_test_flags GTest::gmock
      GTest::gtest_main rapidcheck)
    target_compile_definitions(unit_${name} PRIVATE LATCHKEY_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_precompile_headers(unit_${name} REUSE_FROM latchkey_test_pch)
    foreach(use ${name} ${uses})
      if(TARGET ${use}_testing)
        target_link_libraries(unit_${name} PRIVATE ${use}_testing)
      endif()
    endforeach()
    set_target_properties(unit_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/unit)
    add_dependencies(unit_tests unit_${name})
    add_test(NAME unit_${name} COMMAND unit_${name})
  endif()
endfunction()

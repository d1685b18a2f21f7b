# tsmtp_layer(NAME SOURCES … DEPENDS … [OWN_HEADERS]): one static library for one layer of the tree, tsmtp_NAME.
# It is compiled with tsmtp_base's precompiled headers, or with its OWN_HEADERS.
# tsmtp_unit_test(NAME SOURCES … DEPENDS …): one GoogleTest program, unit_NAME, its cases known to CTest.
find_program(CCACHE ccache)
if(CCACHE)
  # With precompiled headers ccache wants to be told that their macros do not matter.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()

add_library(tsmtp_options INTERFACE)
target_include_directories(tsmtp_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(tsmtp_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wformat-security
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}=. $<$<BOOL:${TSMTP_WERROR}>:-Werror>
  $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
# g++ sees writes out of bounds in std::string where there are none: 12 and 14 do (GCC bug 105329 and its kin).
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  target_compile_options(tsmtp_options INTERFACE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(TSMTP_SANITIZE)
  # The check of vptr looks at memory through a pipe, and takes every object for a broken one where no descriptor is left.
  target_compile_options(tsmtp_options INTERFACE -fsanitize=${TSMTP_SANITIZE} -fno-sanitize=vptr -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(tsmtp_options INTERFACE -fsanitize=${TSMTP_SANITIZE})
endif()
tsmtp_harden(tsmtp_options)
target_compile_definitions(tsmtp_options INTERFACE TSMTP_VERSION="${PROJECT_VERSION}" _GLIBCXX_ASSERTIONS)

function(tsmtp_layer name)
  cmake_parse_arguments(arg "OWN_HEADERS" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(tsmtp_${name} STATIC ${arg_SOURCES})
  target_link_libraries(tsmtp_${name} PUBLIC tsmtp_options ${arg_DEPENDS})
  if(NOT arg_OWN_HEADERS)
    target_precompile_headers(tsmtp_${name} REUSE_FROM tsmtp_base)
  endif()
  if(TSMTP_FUZZER AND NOT name MATCHES "^(net|daemon|diagnosis_host)$")
    target_compile_options(tsmtp_${name} PRIVATE -fsanitize=fuzzer-no-link)  # what fuzz targets reach counts its branches
  endif()
  set_target_properties(tsmtp_${name} PROPERTIES UNITY_BUILD ${TSMTP_UNITY} UNITY_BUILD_BATCH_SIZE ${TSMTP_UNITY_BATCH})
endfunction()

function(tsmtp_unit_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(unit_${name} ${arg_SOURCES})
  target_link_libraries(unit_${name} PRIVATE ${arg_DEPENDS} GTest::gmock GTest::gtest_main)
  target_precompile_headers(unit_${name} REUSE_FROM tsmtp_test_headers)
  gtest_discover_tests(unit_${name} TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 300 PROPERTIES LABELS unit TIMEOUT 240)
endfunction()

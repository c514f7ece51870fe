# What every target of ours shares.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(CCACHE ccache)
if(CCACHE)
  # One cache for all clones and worktrees: what is compiled does not hold the folder it is compiled in, but for the
  # files that gcov and UBSan name.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${CCACHE})
  if(NOT ROLLCALL_COVERAGE)
    add_compile_options(-ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
  endif()
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(rollcall_defaults INTERFACE)
target_include_directories(rollcall_defaults INTERFACE ${PROJECT_SOURCE_DIR})
# -Wno-restrict: g++ 12 warns falsely about "text" + std::string when optimising (GCC bug 105651).
target_compile_options(rollcall_defaults INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wno-missing-field-initializers $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  -fstack-protector-strong)
target_link_options(rollcall_defaults INTERFACE -Wl,-z,relro,-z,now)
# A release only: checks of buffers need an optimising compiler. tests/trust/hardening.py looks at the binary.
target_compile_options(rollcall_defaults INTERFACE $<$<CONFIG:Release>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
  -D_GLIBCXX_ASSERTIONS -fstack-clash-protection>)
# g++ collects its garbage later: an eighth less time for up to 512 MiB of memory.
target_compile_options(rollcall_defaults INTERFACE
  $<$<AND:$<CONFIG:Debug>,$<CXX_COMPILER_ID:GNU>>:--param=ggc-min-heapsize=524288>)
if(ROLLCALL_SANITIZE)
  target_compile_options(rollcall_defaults INTERFACE
    -fsanitize=${ROLLCALL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(rollcall_defaults INTERFACE -fsanitize=${ROLLCALL_SANITIZE})
endif()

# The sanitizers' presets compile up to eight sources of a target as one (CMAKE_UNITY_BUILD), in two thirds of the time. A
# source whose names within an unnamed namespace are another's too is listed as APART and compiled by itself.
if(CMAKE_UNITY_BUILD)
  target_compile_options(rollcall_defaults INTERFACE
    -Wno-shadow $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()

# rollcall_library(NAME SOURCES a.cc ... [APART b.cc ...] [LINKS target ...])
function(rollcall_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;APART;LINKS" ${ARGN})
  set_source_files_properties(${ARG_APART} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  add_library(${name} STATIC ${ARG_SOURCES} ${ARG_APART})
  target_link_libraries(${name} PUBLIC rollcall_defaults tl::expected fmt::fmt ${ARG_LINKS})
  if(ROLLCALL_COVERAGE AND CMAKE_CURRENT_SOURCE_DIR MATCHES "^${PROJECT_SOURCE_DIR}/(checks|daemon/core)(/|$)")
    target_compile_options(${name} PRIVATE --coverage -fprofile-update=atomic)
    target_link_options(${name} PUBLIC --coverage)
  endif()
endfunction()

# Everything that is worth a run under the thread sanitizer, as one target.
add_custom_target(tsan_tests)

# rollcall_test(NAME SOURCES a_test.cc ... [APART b_test.cc ...] [LINKS target ...]
#               [LABELS unit|component|unit-tsan|component-tsan])
function(rollcall_test name)
  if(NOT ROLLCALL_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;APART;LINKS;LABELS" ${ARGN})
  set_source_files_properties(${ARG_APART} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  add_executable(${name} ${ARG_SOURCES} ${ARG_APART})
  target_link_libraries(${name} PRIVATE rollcall_defaults GTest::gmock GTest::gtest_main ${ARG_LINKS})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(ARG_LABELS MATCHES tsan)
    add_dependencies(tsan_tests ${name})
  endif()
  set(timeout 120)
  if(ROLLCALL_SANITIZE MATCHES thread)  # six to ten times as slow
    set(timeout 600)
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${timeout})
endfunction()

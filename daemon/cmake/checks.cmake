# The table of checks: every folder below checks/ that calls rollcall_add_check() is in it.
set_property(GLOBAL PROPERTY ROLLCALL_CHECKS "")

# Called by checks/<name>/CMakeLists.txt:  rollcall_add_check(posts SOURCES check.cc [APART ...] [LINKS ...])
# check.cc defines  const rollcall::CheckSpec& rollcall::checks::<name>Spec();
# check_test.cc beside it is its test.
function(rollcall_add_check name)
  cmake_parse_arguments(ARG "" "" "SOURCES;APART;LINKS" ${ARGN})
  rollcall_library(check_${name} SOURCES ${ARG_SOURCES} APART ${ARG_APART}
    LINKS rollcall_core rollcall_ghost rollcall_net rollcall_db ${ARG_LINKS})
  set_property(GLOBAL APPEND PROPERTY ROLLCALL_CHECKS ${name})
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/check_test.cc)
    rollcall_test(check_${name}_test SOURCES check_test.cc
      LINKS check_${name} rollcall_test_support)
  endif()
endfunction()

# Adds every check below `folder` and writes the table as ordinary code.
function(rollcall_add_checks_below folder)
  file(GLOB lists CONFIGURE_DEPENDS ${folder}/*/CMakeLists.txt)
  foreach(list IN LISTS lists)
    get_filename_component(dir ${list} DIRECTORY)
    add_subdirectory(${dir})
  endforeach()
  get_property(names GLOBAL PROPERTY ROLLCALL_CHECKS)
  list(SORT names)
  set(declarations "")
  set(entries "")
  set(libraries "")
  foreach(name IN LISTS names)
    string(APPEND declarations "namespace checks { const CheckSpec& ${name}Spec(); }\n")
    string(APPEND entries "      &checks::${name}Spec(),\n")
    list(APPEND libraries check_${name})
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/checks_table.cc CONTENT
"// Written by daemon/cmake/checks.cmake.
#include \"daemon/core/registry.h\"

namespace rollcall {
@declarations@
std::vector<const CheckSpec*> allChecks() {
  return {
@entries@  };
}
}  // namespace rollcall
" @ONLY)
  rollcall_library(rollcall_checks SOURCES ${CMAKE_BINARY_DIR}/generated/checks_table.cc
    LINKS rollcall_core ${libraries})
  rollcall_test(checks_test SOURCES ${folder}/checks_test.cc LINKS rollcall_checks)
  if(TARGET checks_test)
    target_compile_definitions(checks_test PRIVATE ROLLCALL_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  endif()
endfunction()

#include "daemon/core/registry.h"

#include <strings.h>

#include <cstdio>
#include <cstdlib>
#include <set>

namespace rollcall {

CheckRegistry::CheckRegistry(std::vector<const CheckSpec*> specs) : specs_(std::move(specs)) {
  std::set<std::string_view> names, codes;
  for (const CheckSpec* spec : specs_) {
    bool unique = names.insert(spec->name).second;
    for (const FindingDef& def : spec->findings) unique = unique && codes.insert(def.code).second;
    if (unique) continue;
    std::fprintf(stderr, "rollcall: check \"%s\" or one of its codes is in the table twice\n",
                 std::string(spec->name).c_str());
    std::abort();
  }
}

const CheckSpec* CheckRegistry::find(std::string_view name) const {
  for (const CheckSpec* spec : specs_)
    if (spec->name == name) return spec;
  return nullptr;
}

const FindingDef* CheckRegistry::findCode(std::string_view code) const {
  const CheckSpec* owner = ownerOf(code);
  if (!owner) return nullptr;
  for (const FindingDef& def : owner->findings)
    if (def.code.size() == code.size() && !strncasecmp(def.code.data(), code.data(), code.size()))
      return &def;
  return nullptr;
}

const CheckSpec* CheckRegistry::ownerOf(std::string_view code) const {
  for (const CheckSpec* spec : specs_)
    for (const FindingDef& def : spec->findings)
      if (def.code.size() == code.size() && !strncasecmp(def.code.data(), code.data(), code.size()))
        return spec;
  return nullptr;
}

}  // namespace rollcall

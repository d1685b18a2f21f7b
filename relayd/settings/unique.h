// A check between sections: things of which there may be one only, and where the first of them was written.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "relayd/base/diagnostic.h"

namespace tsmtp::settings {

/// Things of which there may be one only. Says which site has it already.
class Unique {
 public:
  Unique(std::string what, base::Diagnostics& diagnostics)
      : what_(std::move(what)), diagnostics_(diagnostics) {}

  void add(const std::string& thing, const std::string& owner, const base::Location& where) {
    const auto [first, added] = owners_.emplace(thing, Owner{owner, where});
    if (!added)
      diagnostics_.error(where,
                         what_ + " \"" + thing + "\" is already that of " + described(first->second, where));
  }

 private:
  struct Owner {
    std::string name;
    base::Location where;
  };

  static std::string described(const Owner& owner, const base::Location& seen_from) {
    const base::Location& at = owner.where;
    if (at.file == seen_from.file) return owner.name;
    return owner.name + " (" + at.file + (at.line > 0 ? ':' + std::to_string(at.line) : "") + ')';
  }

  std::string what_;
  base::Diagnostics& diagnostics_;
  std::map<std::string, Owner> owners_;
};

}  // namespace tsmtp::settings

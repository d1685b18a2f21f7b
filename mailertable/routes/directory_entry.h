// An entry of a directory, as far as routes are made of it: its name and the values of its attributes. Plain
// data between the reader of the directory and the compiler of its entries.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tsmtp::mailertable {

struct DirectoryEntry {
  std::string dn;
  /// Names in lower case, as LDAP compares them (RFC 4512 section 2.5); the values as the server gave them.
  std::map<std::string, std::vector<std::string>, std::less<>> attributes;

  /// The values of `name`, which is in lower case; none if the entry lacks it, or may not show it.
  [[nodiscard]] const std::vector<std::string>& values(std::string_view name) const {
    static const std::vector<std::string> none;
    const auto found = attributes.find(name);
    return found == attributes.end() ? none : found->second;
  }

  /// About what it takes in memory.
  [[nodiscard]] std::size_t bytes() const {
    constexpr std::size_t kOfEach = 96;
    std::size_t sum = dn.size() + kOfEach;
    for (const auto& [name, values] : attributes) {
      sum += name.size() + kOfEach;
      for (const std::string& value : values)
        sum += value.size() + kOfEach;
    }
    return sum;
  }
};

}  // namespace tsmtp::mailertable

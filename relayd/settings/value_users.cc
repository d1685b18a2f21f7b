// Users and groups of this system, which a configuration may name: the names must exist when it is read.
#include <grp.h>
#include <pwd.h>

#include <charconv>

#include "relayd/base/bytes.h"
#include "relayd/settings/value.h"

namespace tsmtp::settings {
namespace {

std::optional<std::uint32_t> number(const std::string& text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

void Value::into_users(std::vector<User>& out) const {
  std::vector<User> users;
  bool empty = true;
  const bool is_list = for_each("an array such as [\"smmsp\", \"root\"]", [&](const Value& element) {
    empty = false;
    const auto name = element.text("a user");
    if (!name) return;
    const passwd* known = getpwnam(name->c_str());
    const auto uid = known != nullptr ? std::optional<std::uint32_t>(known->pw_uid) : number(*name);
    if (!uid) return element.complain("there is no user \"" + base::escaped(*name) + "\" on this system");
    users.push_back({.name = *name, .uid = *uid});
  });
  if (is_list && empty) return complain("[] would let nobody in; leave the key out to let everybody in");
  out = std::move(users);
}

void Value::into_group(std::optional<std::uint32_t>& out) const {
  const auto name = text("a group");
  if (!name) return;
  const group* known = getgrnam(name->c_str());
  const auto gid = known != nullptr ? std::optional<std::uint32_t>(known->gr_gid) : number(*name);
  if (!gid) return complain("there is no group \"" + base::escaped(*name) + "\" on this system");
  out = gid;
}

}  // namespace tsmtp::settings

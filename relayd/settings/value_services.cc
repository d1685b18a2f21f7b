// Values of [[service]] and [[forward]].
#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/settings/quantity.h"
#include "relayd/settings/value.h"

namespace tsmtp::settings {
namespace {

constexpr std::size_t kMaxCommandBytes = 16;
constexpr std::size_t kMaxSocketPath = 107;  // sun_path less its NUL, unix(7)

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

void Value::into_names(std::vector<std::string>& out) const {
  std::vector<std::string> names;
  const bool is_list = for_each("an array such as [\"tokyo\"]", [&](const Value& element) {
    std::string name;
    element.into_name(name);
    if (!name.empty()) names.push_back(std::move(name));
  });
  if (is_list) out = std::move(names);
}

void Value::into_commands(std::vector<std::string>& out) const {
  std::vector<std::string> commands;
  const bool is_list = for_each("an array such as [\"STOR\", \"DELE\"]", [&](const Value& element) {
    const auto command = element.text("a command");
    if (!command) return;
    if (command->size() > kMaxCommandBytes || !std::all_of(command->begin(), command->end(), is_letter))
      return element.complain("\"" + base::escaped(*command) + "\": a command is a word, such as \"STOR\"");
    std::string capitals = *command;
    for (char& c : capitals)
      if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    commands.push_back(std::move(capitals));
  });
  if (is_list) out = std::move(commands);
}

void Value::into_program(std::vector<std::string>& out) const {
  std::vector<std::string> words;
  const bool is_list =
      for_each("an array such as [\"/usr/local/bin/ask\", \"argument\"]", [&](const Value& element) {
        if (auto word = element.text("a word")) words.push_back(std::move(*word));
      });
  if (!is_list) return;
  if (words.empty() || !words.front().starts_with('/'))
    return complain("the whole path of a program was expected first, such as \"/usr/local/bin/ask\"");
  out = std::move(words);
}

void Value::into_target(base::HostPort& out) const {
  auto read = host_port(true);
  if (!read) return;
  if (read->unix_path.size() > kMaxSocketPath)
    return complain("the path of a unix socket has at most 107 bytes");
  out = std::move(*read);
}

void Value::into_rates(ServiceRates& out) const {
  const toml::table* const table = node_.as_table();
  if (table == nullptr)
    return complain("a table such as { from_site = 1200, to_site = \"1MiB\" } was expected");
  ServiceRates rates;
  for (const auto& [key, node] : *table) {
    const Value rate(node, key_, where_, diagnostics_);
    if (key == "from_site") {
      rate.into_size(rates.from_site, 1, kMaxSize);
    } else if (key == "to_site") {
      rate.into_size(rates.to_site, 1, kMaxSize);
    } else {
      rate.complain("\"from_site\" or \"to_site\" was expected, not \"" + base::escaped(key.str(), 100) +
                    "\"");
    }
  }
  out = rates;
}

}  // namespace tsmtp::settings

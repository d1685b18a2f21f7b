#include "mailertable/lookup/any_table.h"

#include <sysexits.h>

#include <algorithm>
#include <utility>

#include "mailertable/files/input.h"
#include "mailertable/text/key_index.h"
#include "mailertable/text/parser.h"
#include "relayd/base/diagnostic.h"

namespace tsmtp::mailertable {
namespace {

/// As makemap stores them: of two lines with one key the first.
Outcome<std::vector<StoredPair>> pairs_of_text(const std::string& text, const std::string& name) {
  base::Diagnostics findings;
  const Table table = parse(text, name, findings);
  if (findings.has_errors()) {
    std::string message = findings.to_string();
    message.pop_back();
    return Failure{EX_DATAERR, message + "\nmailertable: " + name + " cannot be read as a table", false};
  }
  const KeyIndex index(table.entries);
  std::vector<StoredPair> pairs;
  for (const Entry& entry : table.entries) {
    if (index.find(entry.key) == &entry) pairs.emplace_back(entry.key, entry.value);
  }
  return pairs;
}

}  // namespace

AnyTable::AnyTable(std::vector<StoredPair> pairs) : pairs_(std::move(pairs)) {
  std::stable_sort(pairs_.begin(), pairs_.end(),
                   [](const StoredPair& a, const StoredPair& b) { return a.first < b.first; });
}

Outcome<AnyTable> AnyTable::from(const std::string& bytes, const std::string& name) {
  if (looks_like_table(bytes)) {
    auto stored = parse_table(bytes);
    if (!stored) return Failure{stored.error().exit_status, name + " is " + stored.error().message, false};
    return AnyTable(std::move(stored->pairs));
  }
  auto pairs = pairs_of_text(bytes, name);
  if (!pairs) return pairs.error();
  return AnyTable(*std::move(pairs));
}

Outcome<AnyTable> AnyTable::read(const std::string& path) {
  const auto bytes = read_locked(path);
  if (!bytes) return bytes.error();
  const bool is_named_as_table = path.ends_with(".db");
  // An empty file of that name is what a killed makemap leaves, and no empty text.
  if (is_named_as_table && bytes->empty())
    return Failure{EX_DATAERR, path + " is empty: a build was killed, or it never was a table", false};
  return from(*bytes, display_name(path));
}

std::optional<std::string> AnyTable::find(std::string_view key) const {
  for (const std::string& wanted : {std::string(key), std::string(key) + '\0'}) {
    const auto found =
        std::lower_bound(pairs_.begin(), pairs_.end(), wanted,
                         [](const StoredPair& pair, const std::string& k) { return pair.first < k; });
    if (found != pairs_.end() && found->first == wanted) return found->second;
  }
  return std::nullopt;
}

}  // namespace tsmtp::mailertable

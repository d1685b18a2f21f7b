#include "mailertable/output/table_text.h"

#include <algorithm>
#include <string_view>

#include "mailertable/text/parser.h"
#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

/// Why no line makes this pair; empty if one does.
std::string_view objection(std::string_view key, std::string_view value) {
  constexpr std::string_view kEndOfLine{"\n\0", 2};
  if (key.empty()) return "no key";
  if (value.empty()) return "no value";
  if (key.find_first_of(kEndOfLine) != std::string_view::npos ||
      value.find_first_of(kEndOfLine) != std::string_view::npos)
    return "a line end or NUL";
  if (key.find_first_of(kBlanks) != std::string_view::npos) return "a blank in the key";
  if (kBlanks.find(value.front()) != std::string_view::npos) return "a value that begins with a blank";
  if (key.front() == '#') return "a key that would be a comment";
  if (base::ascii_lower(key) != key) return "capitals in the key";
  if (key.size() + 1 + value.size() > kMaxLineBytes) return "longer than a line";
  return {};
}

bool drop_nul(std::string_view& text) {
  if (!text.ends_with('\0')) return false;
  text.remove_suffix(1);
  return true;
}

}  // namespace

TableText table_text(const std::vector<StoredPair>& pairs) {
  TableText out;
  for (const StoredPair& pair : pairs) {
    std::string_view key = pair.first;
    std::string_view value = pair.second;
    if (drop_nul(key)) out.has_nuls = true;
    if (drop_nul(value)) out.has_nuls = true;
    if (const auto why = objection(key, value); !why.empty()) {
      out.unsayable.push_back("no line makes the entry \"" + base::escaped(key, 80) + "\", \"" +
                              base::escaped(value, 80) + "\": " + std::string(why));
    } else {
      out.text += std::string(key) + '\t' + std::string(value) + '\n';
    }
  }
  return out;
}

}  // namespace tsmtp::mailertable

#include "mailertable/routes/routes.h"

#include <algorithm>

#include "mailertable/text/parser.h"
#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {

base::Location Origin::place() const {
  constexpr std::size_t kShown = 80;
  if (attribute.empty()) return {dn, 0, 0};
  std::string place = dn + ": " + attribute;
  if (!value.empty()) place += " \"" + value.substr(0, kShown) + (value.size() > kShown ? "...\"" : "\"");
  return {place, 0, 0};
}

std::string text_of(const Routes& routes, std::vector<int>& line_of) {
  std::string text = "# Made by `mailertable generate --ldap`; change the directory instead.\n";
  line_of.assign(1, -1);
  const std::string* heading = nullptr;
  for (std::size_t i = 0; i < routes.lines.size(); ++i) {
    const RouteLine& line = routes.lines[i];
    if (heading == nullptr || *heading != line.origin.dn) {
      constexpr std::size_t kShown = 400;
      text += "\n# " + (line.origin.dn.empty() ? "held" : base::escaped(line.origin.dn, kShown)) + '\n';
      line_of.insert(line_of.end(), 2, -1);
      heading = &line.origin.dn;
    }
    text += line.key + '\t' + line.value + '\n';
    line_of.push_back(static_cast<int>(i));
  }
  return text;
}

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

}  // namespace tsmtp::mailertable

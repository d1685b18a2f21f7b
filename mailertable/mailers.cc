#include "mailertable/mailers.h"

#include <algorithm>
#include <array>

#include "relayd/base/bytes.h"
#include "relayd/base/nearest.h"

namespace tsmtp::mailertable {
namespace {

struct Stock {
  std::string_view name;
  MailerKind kind;
};

// The M lines of sendmail 8.17's cf/mailer/*.m4, under the names that they define: MAILER(`phquery') makes
// "ph". tsmtp comes first because what comes first wins when two are equally near to a misspelt name.
constexpr std::array kStock{
    Stock{"tsmtp", MailerKind::kNetwork},    Stock{"smtp", MailerKind::kNetwork},
    Stock{"esmtp", MailerKind::kNetwork},    Stock{"smtp8", MailerKind::kNetwork},
    Stock{"dsmtp", MailerKind::kNetwork},    Stock{"relay", MailerKind::kNetwork},
    Stock{"local", MailerKind::kLocal},      Stock{"error", MailerKind::kError},
    Stock{"discard", MailerKind::kOther},    Stock{"prog", MailerKind::kOther},
    Stock{"procmail", MailerKind::kOther},   Stock{"cyrus", MailerKind::kOther},
    Stock{"cyrusbb", MailerKind::kOther},    Stock{"cyrusv2", MailerKind::kOther},
    Stock{"uucp", MailerKind::kOther},       Stock{"uucp-old", MailerKind::kOther},
    Stock{"uucp-new", MailerKind::kOther},   Stock{"uucp-dom", MailerKind::kOther},
    Stock{"uucp-uudom", MailerKind::kOther}, Stock{"suucp", MailerKind::kOther},
    Stock{"fax", MailerKind::kOther},        Stock{"usenet", MailerKind::kOther},
    Stock{"mail11", MailerKind::kOther},     Stock{"ph", MailerKind::kOther},
    Stock{"pop", MailerKind::kOther},        Stock{"qpage", MailerKind::kOther},
    Stock{"ssh", MailerKind::kOther},        Stock{"xagent", MailerKind::kOther},
};

}  // namespace

Mailers::Mailers() {
  for (const Stock& stock : kStock)
    names_.emplace_back(stock.name);
}

void Mailers::add(std::string_view name) {
  names_.push_back(base::ascii_lower(name));
}

bool Mailers::knows(std::string_view name) const {
  return std::find(names_.begin(), names_.end(), base::ascii_lower(name)) != names_.end();
}

MailerKind Mailers::kind_of(std::string_view name) {
  const std::string folded = base::ascii_lower(name);
  const auto* found =
      std::find_if(kStock.begin(), kStock.end(), [&](const Stock& stock) { return stock.name == folded; });
  return found == kStock.end() ? MailerKind::kOther : found->kind;
}

std::string_view Mailers::nearest(std::string_view name) const {
  const std::vector<std::string_view> known(names_.begin(), names_.end());
  return base::nearest(base::ascii_lower(name), known);
}

}  // namespace tsmtp::mailertable

#include "mailertable/hub/mailers.h"

#include <algorithm>
#include <array>
#include <utility>

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

bool same_ignoring_case(std::string_view folded, std::string_view name) {
  return std::equal(folded.begin(), folded.end(), name.begin(), name.end(),
                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b); });
}

}  // namespace

Mailers::Mailers() {
  for (const Stock& stock : kStock)
    mailers_.push_back({std::string(stock.name), stock.kind, std::nullopt});
}

Mailers::Mailers(std::vector<Mailer> mailers) : mailers_(std::move(mailers)) {
  if (!knows("error")) mailers_.push_back({"error", MailerKind::kError, std::nullopt});
}

void Mailers::add(std::string_view name) {
  if (!knows(name)) mailers_.push_back({base::ascii_lower(name), MailerKind::kOther, std::nullopt});
}

void Mailers::add(Mailer mailer) {
  const auto known = std::find_if(mailers_.begin(), mailers_.end(),
                                  [&](const Mailer& one) { return one.name == mailer.name; });
  if (known != mailers_.end())
    *known = std::move(mailer);
  else
    mailers_.push_back(std::move(mailer));
}

const Mailer* Mailers::find(std::string_view name) const {
  const auto found = std::find_if(mailers_.begin(), mailers_.end(), [&](const Mailer& mailer) {
    return same_ignoring_case(mailer.name, name);
  });
  return found == mailers_.end() ? nullptr : &*found;
}

MailerKind Mailers::kind_of(std::string_view name) const {
  const Mailer* mailer = find(name);
  return mailer == nullptr ? MailerKind::kOther : mailer->kind;
}

std::string_view Mailers::nearest(std::string_view name) const {
  std::vector<std::string_view> known;
  for (const Mailer& mailer : mailers_)
    known.push_back(mailer.name);
  return base::nearest(base::ascii_lower(name), known);
}

}  // namespace tsmtp::mailertable

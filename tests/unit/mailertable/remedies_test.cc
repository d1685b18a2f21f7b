// Every remedy is applied as it is said, and what comes of it must be without errors: for values of all the
// mistakes that can be combined of their parts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "mailertable/checks/checks.h"
#include "mailertable/text/parser.h"
#include "mailertable/text/route.h"

namespace tsmtp::mailertable {
namespace {

struct Line {
  std::string key, value;

  [[nodiscard]] std::string text() const { return key + '\t' + value + '\n'; }
};

base::Diagnostics findings_of(const Line& line) {
  const std::vector<Source> sources{{"table", line.text()}};
  return check_sources(sources, Knowledge{}).findings;
}

/// What stands behind the last "write ", up to where the sentence goes on.
std::optional<std::string> remedy_in(const std::string& message) {
  constexpr std::string_view kWrite = "; write ";
  const std::size_t at = message.rfind(kWrite);
  if (at == std::string::npos) return std::nullopt;
  std::string remedy = message.substr(at + kWrite.size());
  for (const std::string_view end : {" and a text for", ", or use", ", or \"", ", such as", " with the same"})
    remedy = remedy.substr(0, remedy.find(end));
  for (const std::string_view words :
       {"a domain", "the value without", "it on a line", "an address in brackets", "the site's address",
        "the name in punycode", "the name itself", "%%", "and", "both"})
    if (remedy.starts_with(words)) return std::nullopt;  // advice, not text
  return remedy;
}

Line applied(Line line, const std::string& remedy) {
  if (remedy.starts_with('"')) {
    line.key = remedy.substr(1, remedy.find('"', 1) - 1);
  } else if (remedy.starts_with('[')) {  // the host
    const std::string mailer(line.value.substr(0, line.value.find(':')));
    line.value = mailer + ':' + remedy;
  } else {
    line.value = remedy + (remedy.starts_with("error:") ? " gone" : "");
  }
  return line;
}

/// Applies remedies until none is left; each must leave fewer errors, or the same line without this one.
void follow(Line line) {
  const std::string first = line.text();
  for (int tries = 0; tries < 6; ++tries) {
    const base::Diagnostics findings = findings_of(line);
    const auto& all = findings.all();
    const auto next = std::find_if(all.begin(), all.end(), [](const base::Diagnostic& one) {
      return one.severity == base::Severity::kError && remedy_in(one.message);
    });
    if (next == all.end()) return;
    const Line better = applied(line, *remedy_in(next->message));
    const base::Diagnostics left = findings_of(better);
    const bool is_still_there =
        std::any_of(left.all().begin(), left.all().end(), [&](const base::Diagnostic& one) {
          return one.severity == base::Severity::kError && one.message == next->message;
        });
    ASSERT_FALSE(is_still_there) << first << next->message << "\nleads to " << better.text()
                                 << left.to_string();
    line = better;
  }
  FAIL() << first << "no end of remedies: " << line.text() << findings_of(line).to_string();
}

TEST(Remedies, LeadToAValueWithoutErrors) {
  const std::vector<std::string> mailers{
      "tsmtp:", "esmtp:", "relay:", "smtp :", "tsmtp: ", "", "tsmpt:", "TSMTP:", "error:"};
  const std::vector<std::string> hosts{"[127.0.5.2]",
                                       "127.0.5.2",
                                       "[[127.0.5.2]]",
                                       "[[192.0.2.1]",
                                       "[192.0.2.1",
                                       "192.0.2.1]",
                                       "[::1]",
                                       "[[::1]]",
                                       "[IPv6:::1]",
                                       "hub.example",
                                       "hub.example.",
                                       "[hub.example.]",
                                       "[ 127.0.5.2 ]",
                                       "joe@[127.0.5.2]",
                                       "joe@hub.example",
                                       "",
                                       "[]",
                                       "[",
                                       "hub_.b",
                                       "a b",
                                       "5.1.2",
                                       "nohost"};
  const std::vector<std::string> tails{"",        ":25",     ":5000 # the port", ":5000 old", ":",  ",", "x",
                                       " # note", " (note)", ":[127.0.5.3]",     " ",         "\"", ".", "]"};
  for (const std::string& mailer : mailers)
    for (const std::string& host : hosts)
      for (const std::string& tail : tails)
        if (!(mailer + host + tail).empty()) follow({"birl.example", mailer + host + tail});
}

TEST(Remedies, LeadToAKeyWithoutErrors) {
  for (const char* key : {"*.birl.example", "birl.example.", ".birl.example.", "joe@birl.example",
                          "birl.example:", "*birl.example", "birl.example..", "Birl.Example.",
                          "b\xC3\xBC"
                          "cher.example"})
    follow({key, "tsmtp:[127.0.5.2]"});
}

}  // namespace
}  // namespace tsmtp::mailertable

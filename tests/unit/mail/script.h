// The little language of this folder's tests: a dialogue, one step a line, the first word says whose.
// near_end.h and far_end.h say which words there are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/keyed_digest.h"
#include "relayd/policy/site_rules.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::mail {

struct Step {
  std::string word;
  std::string rest;
};

/// Lines without blanks at both ends; empty ones and those that begin with # are passed over.
[[nodiscard]] std::vector<Step> parse_script(std::string_view text);

/// "a|b" as "a\r\nb\r\n".
[[nodiscard]] std::string wire_lines(std::string_view text);
/// "a\r\nb\r\n" as "a|b".
[[nodiscard]] std::string script_lines(std::string_view wire);
/// "250 one|two" as a reply of two lines.
[[nodiscard]] smtp::Reply script_reply(std::string_view text);
/// Takes the first word off `text`.
[[nodiscard]] std::string take_word(std::string& text);
/// Whether `said` is `expected`, which may end in "..." to say that more may follow.
[[nodiscard]] bool matches(std::string_view said, std::string_view expected);

/// The site of all tests: behind it is birl.example, here is tokyo.example.
[[nodiscard]] settings::Rules near_rules();
[[nodiscard]] settings::Rules far_rules();

/// Transaction number `n` of FakeDigests, and back.
[[nodiscard]] std::string transaction_id(int n);
[[nodiscard]] std::string transaction_number(const std::string& id);

/// Identifiers 1, 2, 3, …; digests that depend on every byte but not on how they came.
class FakeDigests : public base::DigestMaker {
 public:
  [[nodiscard]] std::unique_ptr<base::KeyedDigest> start() const override;
  [[nodiscard]] std::string new_identifier() const override { return transaction_id(++made_); }

 private:
  mutable int made_ = 0;
};

}  // namespace tsmtp::mail

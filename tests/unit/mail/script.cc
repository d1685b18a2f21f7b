#include "tests/unit/mail/script.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>

#include "relayd/mail/record.h"

namespace tsmtp::mail {
namespace {

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(' ') - begin + 1));
}

std::vector<std::string> split(std::string_view text, std::string_view separator) {
  std::vector<std::string> out;
  for (std::size_t end = text.find(separator); end != std::string_view::npos; end = text.find(separator)) {
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end + separator.size());
  }
  out.emplace_back(text);
  return out;
}

class FakeDigest : public base::KeyedDigest {
 public:
  void update(std::string_view bytes) override { all_ += bytes; }
  std::string finish() override {
    std::string digest(std::to_string(std::hash<std::string>()(all_)));
    digest.resize(32, '.');
    return digest;
  }

 private:
  std::string all_;
};

}  // namespace

std::vector<Step> parse_script(std::string_view text) {
  std::vector<Step> steps;
  for (const std::string& line : split(text, "\n")) {
    std::string rest = trimmed(line);
    if (rest.empty() || rest.front() == '#') continue;
    std::string word = take_word(rest);
    steps.push_back({std::move(word), std::move(rest)});
  }
  return steps;
}

std::string wire_lines(std::string_view text) {
  std::string out;
  for (const std::string& line : split(text, "|"))
    out += line + "\r\n";
  return out;
}

std::string script_lines(std::string_view wire) {
  std::string out;
  for (const std::string& line : split(wire, "\r\n"))
    out += line + '|';
  while (out.ends_with('|'))
    out.pop_back();
  return out;
}

smtp::Reply script_reply(std::string_view text) {
  return {.code = std::stoi(std::string(text.substr(0, 3))),
          .lines = split(text.size() > 4 ? text.substr(4) : "", "|")};
}

std::string take_word(std::string& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  std::string word = text.substr(0, end);
  text.erase(0, std::min(end + 1, text.size()));
  return word;
}

bool matches(std::string_view said, std::string_view expected) {
  if (!expected.ends_with("...")) return said == expected;
  return said.starts_with(expected.substr(0, expected.size() - 3));
}

settings::Rules near_rules() {
  settings::Rules rules{.domains = {}, .local = {}, .max_message_bytes = 1000, .any_sender = false};
  EXPECT_TRUE(rules.domains.add("birl.example"));
  EXPECT_TRUE(rules.local.add("tokyo.example"));
  return rules;
}

settings::Rules far_rules() {
  settings::Rules rules{.domains = {}, .local = {}, .max_message_bytes = 1000, .any_sender = false};
  EXPECT_TRUE(rules.domains.add("tokyo.example"));
  EXPECT_TRUE(rules.local.add("birl.example"));
  return rules;
}

std::string transaction_id(int n) {
  char text[32];
  std::snprintf(text, sizeof text, "transaction %04d", n % 10000);
  return text;
}

std::string transaction_number(const std::string& id) {
  return std::to_string(std::stoi(id.substr(id.find(' '))));
}

std::unique_ptr<base::KeyedDigest> FakeDigests::start() const {
  return std::make_unique<FakeDigest>();
}

}  // namespace tsmtp::mail

#include "relayd/keys/judge.h"

#include <algorithm>

namespace tsmtp::keys {
namespace {

std::string_view key_before(const Chain& chain, std::size_t step) {
  return step == 0 ? chain.first : chain.steps[step - 1].key;
}

// The last comes first: if somebody adds a step of his own to a true chain, one signature finds it out.
bool is_signed_from(const Shown& shown, std::size_t first, const Book& book, const Crypto& crypto) {
  for (std::size_t step = shown.chain.steps.size(); step > first; --step) {
    if (book.has_step(shown.pins[step - 1], shown.pins[step])) continue;
    if (!is_signed(shown.chain.steps[step - 1], key_before(shown.chain, step - 1), crypto)) return false;
  }
  return true;
}

Judgement judge_one(const Shown& shown, const std::string& pinned, const Book& book, const Crypto& crypto) {
  const auto descent = book.descent(pinned);
  const auto found = std::find(shown.pins.begin(), shown.pins.end(), descent.back());
  if (found != shown.pins.end()) {
    const auto first = static_cast<std::size_t>(found - shown.pins.begin());
    if (!is_signed_from(shown, first, book, crypto)) return {.verdict = Verdict::kForged};
    return {.verdict = Verdict::kAccepted, .pinned = pinned};
  }
  const bool is_earlier = std::any_of(descent.begin(), descent.end(), [&](const std::string& pin) {
    return std::find(shown.pins.begin(), shown.pins.end(), pin) != shown.pins.end();
  });
  if (!is_earlier) return {};
  return {.verdict = Verdict::kReplaced, .pinned = {}, .decided_by = descent.back()};
}

}  // namespace

Judgement judge(const Shown& shown, const std::vector<std::string>& pinned, const Book& book,
                const Crypto& crypto) {
  for (const std::string& pin : shown.pins)
    if (book.revocation(pin) != nullptr)
      return {.verdict = Verdict::kRevoked, .pinned = {}, .decided_by = pin};
  Judgement best;
  for (const std::string& pin : pinned) {
    if (book.revocation(pin) != nullptr) continue;
    Judgement one = judge_one(shown, pin, book, crypto);
    if (one.verdict == Verdict::kAccepted) return one;
    if (one.verdict != Verdict::kUnpinned) best = std::move(one);
  }
  return best;
}

std::vector<Learnt> news_of(const Shown& shown, const Book& book, const Crypto& crypto, std::int64_t now) {
  std::vector<Learnt> news;
  for (std::size_t step = shown.chain.steps.size(); step > 0; --step) {
    const std::string& from = shown.pins[step - 1];
    const std::string& to = shown.pins[step];
    if (book.has_step(from, to)) continue;
    const Step& one = shown.chain.steps[step - 1];
    if (!is_signed(one, key_before(shown.chain, step - 1), crypto)) break;
    news.push_back({.from = from, .to = to, .serial = one.serial, .when = now});
  }
  std::reverse(news.begin(), news.end());
  return news;
}

}  // namespace tsmtp::keys

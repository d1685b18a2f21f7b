// What hubs show and say of their keys, and the book on the disk, all from anybody: what is read is bounded
// and can be said again, and no key is accepted to which nothing leads from a pinned one.
#include <algorithm>
#include <string>

#include "relayd/keys/announcement.h"
#include "relayd/keys/judge.h"
#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {
namespace {

// Fast. A signature is the first byte of the key that made it, so that the fuzzer finds some.
class PlainCrypto : public keys::Crypto {
 public:
  [[nodiscard]] std::string pin_of(std::string_view key) const override {
    std::string pin(key.substr(0, keys::kPinBytes));
    pin.resize(keys::kPinBytes, '.');
    return pin;
  }
  [[nodiscard]] bool is_signed(std::string_view key, std::string_view,
                               std::string_view signature) const override {
    ++verified;
    return signature.front() == key.front();
  }
  mutable std::size_t verified = 0;
};

// Whether every step from the pinned key on is signed, by a plain look at all of them.
bool leads(const keys::Shown& shown, const std::string& pinned, const keys::Crypto& crypto) {
  const auto from = std::find(shown.pins.begin(), shown.pins.end(), pinned);
  if (from == shown.pins.end()) return false;
  for (auto i = static_cast<std::size_t>(from - shown.pins.begin()); i < shown.chain.steps.size(); ++i)
    if (!keys::is_signed(shown.chain.steps[i], i == 0 ? shown.chain.first : shown.chain.steps[i - 1].key,
                         crypto))
      return false;
  return true;
}

void check_judgement(const keys::Chain& chain) {
  const PlainCrypto crypto;
  keys::Shown shown{.pins = keys::pins_of(chain, crypto)};
  shown.chain = chain;
  for (const std::string& pinned : {crypto.pin_of("a"), shown.pins.front(), shown.pins.back()}) {
    keys::Book book;
    crypto.verified = 0;
    const bool accepted = keys::judge(shown, {pinned}, book, crypto).verdict == keys::Verdict::kAccepted;
    must(crypto.verified <= 2 * chain.steps.size(), "a chain costs no more signatures than it has");
    must(accepted == leads(shown, pinned, crypto), "a key is accepted if a pinned one leads to it");
    if (!accepted) continue;
    for (const keys::Learnt& step : keys::news_of(shown, book, crypto, 1))
      (void)book.learn(step);
    const auto read = keys::Book::parse(book.text());
    must(read && read->text() == book.text(), "a book can be written and read");
    book.revoke({pinned}, "site", 2);
    must(keys::judge(shown, {pinned, shown.pin()}, book, crypto).verdict == keys::Verdict::kRevoked,
         "a revoked key takes what comes from it along");
  }
}

void check_chain(std::string_view input) {
  const auto chain = keys::decode(input);
  if (!chain) return;
  must(keys::encode(*chain) == input, "a chain that was read is written as it was");
  check_judgement(*chain);
}

void check_notice(std::string_view input) {
  if (!keys::is_about_keys(input)) return;
  const auto said = keys::decode_notice(input);
  if (!said) return;
  const std::string again = std::visit([](const auto& known) { return keys::encode_notice(known); }, *said);
  must(again == input, "a notice that was read is written as it was");
}

}  // namespace
}  // namespace tsmtp::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tsmtp;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  switch (fuzz::take_byte(input) % 3) {
    case 0:
      fuzz::check_chain(input);
      break;
    case 1:
      fuzz::check_notice(input);
      break;
    default:
      if (const auto book = keys::Book::parse(input))
        fuzz::must(bool(keys::Book::parse(book->text())), "a book that was read can be written");
      break;
  }
  return 0;
}

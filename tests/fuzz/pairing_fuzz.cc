// The dialogue of two hubs that pair, the line that people carry, and the book on the disk, all from anybody:
// what is read is bounded and can be said again, and nothing gets in without the secret.
#include <string>

#include "relayd/pairing/inviter.h"
#include "relayd/pairing/joiner.h"
#include "relayd/pairing/token.h"
#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {
namespace {

// Fast, and no secret: what matters is that a proof is one byte pattern of very many.
class PlainCrypto : public pairing::Crypto {
 public:
  [[nodiscard]] std::string sha256(std::string_view bytes) const override { return hmac_sha256("", bytes); }
  [[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view bytes) const override {
    std::string out(32, '\x5a');
    std::uint32_t state = 0x9e3779b9;
    for (const std::string_view part : {key, bytes})
      for (const char c : part)
        state = (state ^ static_cast<unsigned char>(c)) * 0x01000193U;
    for (char& c : out)
      c = static_cast<char>((state = state * 0x41c64e6dU + 12345U) >> 16);
    return out;
  }
  [[nodiscard]] std::string random(std::size_t bytes) const override { return std::string(bytes, 'r'); }
};

void check_messages(std::string_view input) {
  if (const auto request = pairing::read_request(input); request && *request) {
    must((*request)->joiner.domains.size() <= pairing::kMaxDomains, "a request is bounded");
    const auto again = pairing::read_request(pairing::encode(**request));
    must(again && *again && **again == **request, "a request that was read can be said and read");
  }
  if (const auto answer = pairing::read_answer(input); answer && *answer) {
    const auto again = pairing::read_answer(pairing::encode(**answer));
    must(again && *again && **again == **answer, "an answer that was read can be said and read");
    if (const auto* const offer = std::get_if<pairing::Offer>(&**answer)) {
      const pairing::Offered offered{.offer = *offer,
                                     .inviter_pin = std::string(32, 'T'),
                                     .dial = {.host = "a", .port = 1, .unix_path = {}}};
      const auto site = pairing::site_of(offered, {}, {.hub_name = "b", .own_domains = {}, .sites = {}});
      if (site)
        for (const std::string& text : {site->name, site->peer})
          must(text.find_first_of("\"\\\n") == text.npos, "what comes into a file is plain");
    }
  }
}

void check_judgement(std::string_view input) {
  const auto request = pairing::read_request(input);
  if (!request || !*request) return;
  const PlainCrypto crypto;
  pairing::Invitation one;
  one.id = (*request)->id;
  one.stored_secret = pairing::stored_secret(crypto, "0123456789abcdef");
  one.site = "birl";
  one.domains = {"birl.example"};
  one.own_domains = {"tokyo.example"};
  one.expires = base::WallTime(std::chrono::hours(1));
  pairing::Invitations book;
  (void)book.add(one);
  const pairing::Session session{.exporter = std::string(32, 'x'),
                                 .inviter_pin = std::string(32, 'T'),
                                 .joiner_pin = std::string(32, 'B')};
  const pairing::Taken taken{.hub_name = "tokyo", .own_domains = {}, .sites = {}};
  // Once as it came, and once with the right proof.
  for (const bool knows : {false, true}) {
    pairing::Request asked = **request;
    if (knows) asked.proof = pairing::proof_of(crypto, "0123456789abcdef", session);
    const auto judgement = pairing::judge(book, asked, session, taken, crypto, {});
    if (const auto* const offer = std::get_if<pairing::Offer>(&judgement.answer))
      for (const std::string& domain : offer->your_domains)
        must(pairing::covers("birl.example", domain), "nobody gets a domain that he was not invited for");
    const auto read = pairing::Invitations::from_text(book.to_text());
    must(read && read->to_text() == book.to_text(), "the book can be written and read");
  }
}

}  // namespace
}  // namespace tsmtp::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tsmtp;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  switch (fuzz::take_byte(input) % 3) {
    case 0:
      fuzz::check_messages(input);
      fuzz::check_judgement(input);
      break;
    case 1:
      if (const auto token = pairing::parse_token(input)) {
        const auto text = pairing::token_text(*token);
        fuzz::must(text && *pairing::parse_token(*text) == *token, "a line that was read can be made again");
      }
      break;
    default:
      if (const auto book = pairing::Invitations::from_text(input))
        fuzz::must(bool(pairing::Invitations::from_text(book->to_text())),
                   "a book that was read can be written");
      break;
  }
  return 0;
}

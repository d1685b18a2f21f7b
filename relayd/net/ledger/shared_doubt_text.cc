#include "relayd/net/ledger/shared_doubt_text.h"

#include <charconv>
#include <chrono>
#include <cstdint>

#include "relayd/base/bytes.h"
#include "relayd/base/keyed_digest.h"
#include "relayd/base/time_of_day.h"

namespace tsmtp::net {
namespace {

constexpr std::string_view kVersion = "1";
constexpr std::string_view kNothing = "-";
constexpr std::int64_t kMicroseconds = 1'000'000;

template <typename Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && read == end ? std::optional(number) : std::nullopt;
}

/// Up to the next blank, which goes too.
std::string_view take_field(std::string_view& text) {
  const std::string_view field = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), field.size() + 1));
  return field;
}

std::optional<unsigned> digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return std::nullopt;
}

std::string or_nothing(const std::string& word) {
  return word.empty() ? std::string(kNothing) : word;
}

// One that says less than it might is of a hub that nobody knows, and that nobody is asked for.
ledger::DoubtPlace place_in(std::string_view text) {
  ledger::DoubtPlace place;
  place.pin = bytes_of_hex(take_field(text), ledger::kPinBytes).value_or("");
  const std::string_view hub = take_field(text);
  if (hub != kNothing) place.hub = hub;
  place.is_shared = take_field(text) == "1";
  return place;
}

std::optional<SharedDoubtValue> read_value(std::string_view text) {
  if (take_field(text) != kVersion) return std::nullopt;
  const auto recorded = number_in<std::int64_t>(take_field(text));
  const auto recipients = number_in<std::size_t>(take_field(text));
  auto address = bytes_of_hex(take_field(text), base::kDigestBytes);
  const std::string_view hub = take_field(text);
  auto place = place_in(text);
  if (!recorded || *recorded < 0 || *recorded > base::kLastSecond * kMicroseconds || !recipients ||
      *recipients == 0 || !address || hub.empty())
    return std::nullopt;
  const base::WallTime since{
      std::chrono::duration_cast<base::WallTime::duration>(std::chrono::microseconds(*recorded))};
  return SharedDoubtValue{.recorded = since,
                          .recipients = *recipients,
                          .address = std::move(*address),
                          .hub = std::string(hub),
                          .place = std::move(place)};
}

}  // namespace

std::optional<std::string> bytes_of_hex(std::string_view text, std::size_t bytes) {
  if (text.size() != 2 * bytes) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = digit(text[i]);
    const auto low = digit(text[i + 1]);
    if (!high || !low) return std::nullopt;
    out += static_cast<char>(*high * 16 + *low);
  }
  return out;
}

std::string shared_doubts_of_mail(std::string_view prefix, std::string_view site, std::string_view mail) {
  return std::string(prefix).append("/doubts/").append(site).append("/").append(base::hex(mail)) + '/';
}

std::string shared_doubt_key(std::string_view prefix, std::string_view site, std::string_view mail,
                             const ledger::DoubtKey& key) {
  return shared_doubts_of_mail(prefix, site, mail) + base::hex(key.transaction) + '/' +
         std::to_string(key.index);
}

std::string shared_doubt_value(const SharedDoubtValue& value) {
  const auto recorded =
      std::chrono::duration_cast<std::chrono::microseconds>(value.recorded.time_since_epoch());
  return std::string(kVersion) + ' ' + std::to_string(recorded.count()) + ' ' +
         std::to_string(value.recipients) + ' ' + base::hex(value.address) + ' ' + value.hub + ' ' +
         or_nothing(base::hex(value.place.pin)) + ' ' + or_nothing(value.place.hub) +
         (value.place.is_shared ? " 1" : " 0");
}

std::optional<ledger::ForeignDoubt> read_shared_doubt(std::string_view of_mail, std::string_view mail,
                                                      std::string_view key, std::string_view value) {
  if (!key.starts_with(of_mail)) return std::nullopt;
  const std::string_view rest = key.substr(of_mail.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  auto transaction = bytes_of_hex(rest.substr(0, slash), ledger::kTransactionBytes);
  const auto index = number_in<std::uint16_t>(rest.substr(slash + 1));
  auto read = read_value(value);
  if (!transaction || !index || !read) return std::nullopt;
  return ledger::ForeignDoubt{.key = {.transaction = std::move(*transaction), .index = *index},
                              .mail = std::string(mail),
                              .address = std::move(read->address),
                              .hub = std::move(read->hub),
                              .recorded = read->recorded,
                              .is_alone = read->recipients == 1,
                              .place = std::move(read->place)};
}

}  // namespace tsmtp::net

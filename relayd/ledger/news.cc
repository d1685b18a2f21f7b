#include "relayd/ledger/news.h"

#include "relayd/base/bytes.h"

namespace tsmtp::ledger {
namespace {

constexpr std::size_t kLengthBytes = 4;
constexpr std::uint8_t kHasValue = 1;
constexpr std::uint8_t kIsDurable = 2;

void put_text(std::string& out, std::string_view text) {
  base::put_u32(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

std::optional<std::string> take_text(std::string_view& in) {
  if (in.size() < kLengthBytes) return std::nullopt;
  const std::size_t size = base::get_u32(in);
  in.remove_prefix(kLengthBytes);
  if (in.size() < size) return std::nullopt;
  std::string text(in.substr(0, size));
  in.remove_prefix(size);
  return text;
}

std::optional<Change> parse_change(std::string_view in) {
  constexpr std::size_t kHeaderBytes = 2;
  if (in.size() < kHeaderBytes) return std::nullopt;
  Change change;
  const std::uint8_t table = base::get_u8(in);
  if (table > static_cast<std::uint8_t>(Table::kOutcomes)) return std::nullopt;
  change.table = static_cast<Table>(table);
  const std::uint8_t flags = base::get_u8(in.substr(1));
  change.durable = (flags & kIsDurable) != 0;
  in.remove_prefix(kHeaderBytes);
  auto key = take_text(in);
  if (!key) return std::nullopt;
  change.key = std::move(*key);
  if ((flags & kHasValue) != 0) {
    change.value = take_text(in);
    if (!change.value) return std::nullopt;
  }
  if (!in.empty()) return std::nullopt;
  return change;
}

std::optional<News> parse_news(std::string_view in) {
  if (in.empty()) return std::nullopt;
  News news;
  const std::uint8_t kind = base::get_u8(in);
  in.remove_prefix(1);
  if (kind < static_cast<std::uint8_t>(News::Kind::kChange) ||
      kind > static_cast<std::uint8_t>(News::Kind::kNotHere))
    return std::nullopt;
  news.kind = static_cast<News::Kind>(kind);
  switch (news.kind) {
    case News::Kind::kChange: {
      auto change = parse_change(in);
      if (!change) return std::nullopt;
      news.change = std::move(*change);
      return news;
    }
    case News::Kind::kMarked:
    case News::Kind::kClaimed:
    case News::Kind::kAsk:
    case News::Kind::kPending:
    case News::Kind::kNotHere:
      if (in.size() != kTransactionBytes + 2) return std::nullopt;
      news.key = {.transaction = std::string(in.substr(0, kTransactionBytes)),
                  .index = base::get_u16(in.substr(kTransactionBytes))};
      return news;
    case News::Kind::kComplete:
      if (!in.empty()) return std::nullopt;
      return news;
  }
  return std::nullopt;
}

std::string bytes_of(const Change& change) {
  std::string out;
  base::put_u8(out, static_cast<std::uint8_t>(change.table));
  base::put_u8(out,
               static_cast<std::uint8_t>((change.value ? kHasValue : 0) | (change.durable ? kIsDurable : 0)));
  put_text(out, change.key);
  if (change.value) put_text(out, *change.value);
  return out;
}

}  // namespace

void append(std::string& out, const Change& change) {
  put_text(out, bytes_of(change));
}

void append(std::string& out, const News& news) {
  std::string body;
  base::put_u8(body, static_cast<std::uint8_t>(news.kind));
  switch (news.kind) {
    case News::Kind::kChange:
      body += bytes_of(news.change);
      break;
    case News::Kind::kMarked:
    case News::Kind::kClaimed:
    case News::Kind::kAsk:
    case News::Kind::kPending:
    case News::Kind::kNotHere:
      body += news.key.transaction;
      base::put_u16(body, news.key.index);
      break;
    case News::Kind::kComplete:
      break;
  }
  put_text(out, body);
}

std::optional<News> take_news(std::string_view& in, bool& is_broken) {
  if (in.size() < kLengthBytes) return std::nullopt;
  const std::size_t size = base::get_u32(in);
  is_broken = size > kMaxNewsBytes;
  if (is_broken || in.size() < kLengthBytes + size) return std::nullopt;
  auto news = parse_news(in.substr(kLengthBytes, size));
  is_broken = !news;
  in.remove_prefix(kLengthBytes + size);
  return news;
}

std::optional<std::vector<Change>> parse_changes(std::string_view in) {
  std::vector<Change> changes;
  while (!in.empty()) {
    const auto bytes = take_text(in);
    auto change = bytes ? parse_change(*bytes) : std::nullopt;
    if (!change) return std::nullopt;
    changes.push_back(std::move(*change));
  }
  return changes;
}

}  // namespace tsmtp::ledger

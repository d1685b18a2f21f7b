// The little of HTTP that a scraper of metrics and a browser need: one GET or HEAD, one answer, and the
// connection is closed.
#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "relayd/compress/gzip.h"

namespace tsmtp::control {

/// What is asked for, and in which form. Two that are equal get the same answer.
struct WantedPage {
  enum class Kind {
    kMetricsText,  ///< /metrics
    kOpenMetrics,  ///< /metrics, for who names that
    kStatus,       ///< /, for a person who looks
  };
  Kind kind = Kind::kMetricsText;
  bool as_gzip = false;
  auto operator<=>(const WantedPage&) const = default;
};

struct PageRequest {
  WantedPage page;
  bool is_head = false;  ///< only the header of the answer is wanted
};

/// What `received` asks for; or an answer that needs no page, whole; nothing before the header has come
/// whole. The page for people is given only to who asks by an address or as localhost: a name of elsewhere
/// that leads here would let a stranger's script read it.
[[nodiscard]] std::optional<std::variant<PageRequest, std::string>> page_request(std::string_view received);

/// The answer with a page, made a piece at a time.
class PageAnswer {
 public:
  /// Appends the next piece of the page; false: it was the last.
  using Text = std::function<bool(std::string& out)>;

  /// A page that cannot be compressed, for want of memory, goes as it is.
  PageAnswer(WantedPage page, Text text);

  /// Makes the next piece; false: the answer is whole.
  [[nodiscard]] bool add_piece();
  /// Of the whole answer.
  [[nodiscard]] const std::string& header() const { return header_; }
  [[nodiscard]] const std::string& body() const { return body_; }

 private:
  WantedPage page_;
  Text text_;
  std::optional<compress::Gzip> gzip_;
  std::string header_;
  std::string body_;
};

}  // namespace tsmtp::control

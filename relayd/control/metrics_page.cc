#include "relayd/control/metrics_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "relayd/control/accept_encoding.h"
#include "relayd/control/metrics.h"
#include "relayd/control/status_html.h"

namespace tsmtp::control {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The values of all fields of that name, without blanks before them, and with commas between (RFC 9110,
/// section 5.3).
std::string value_of(std::string_view header, std::string_view name) {
  std::string out;
  for (std::size_t at = header.find("\r\n"); at != header.npos; at = header.find("\r\n", at + 2)) {
    const std::string_view line = header.substr(at + 2, header.find("\r\n", at + 2) - at - 2);
    const bool is_it = line.size() > name.size() && line[name.size()] == ':' &&
                       std::equal(name.begin(), name.end(), line.begin(),
                                  [](char a, char b) { return lower(a) == lower(b); });
    if (!is_it) continue;
    std::string_view value = line.substr(name.size() + 1);
    while (value.starts_with(' ') || value.starts_with('\t'))
      value.remove_prefix(1);
    out.append(out.empty() ? "" : ",").append(value);
  }
  return out;
}

bool is_address(std::string_view host) {
  if (host.empty() || host.starts_with('[')) return true;
  const std::string_view name = host.substr(0, host.find(':'));
  return name == "localhost" || name.find_first_not_of("0123456789.") == name.npos;
}

std::string answer_header(std::string_view status, std::string_view type, std::string_view more,
                          std::size_t bytes) {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: {}\r\nX-Content-Type-Options: nosniff\r\nCache-Control: "
      "no-store\r\n{}Connection: close\r\nContent-Length: {}\r\n\r\n",
      status, type, more, bytes);
}

std::string in_words(std::string_view status, const std::string& body, bool is_head) {
  return answer_header(status, "text/plain; charset=utf-8", "", body.size()) + (is_head ? "" : body);
}

std::string header_of(WantedPage page, bool is_gzip, std::size_t bytes) {
  using Kind = WantedPage::Kind;
  const std::string_view coding = is_gzip ? "Content-Encoding: gzip\r\n" : "";
  if (page.kind == Kind::kStatus)
    return answer_header(
        "200 OK", "text/html; charset=utf-8",
        fmt::format("{}Vary: Accept-Encoding\r\nContent-Security-Policy: {}; frame-ancestors "
                    "'none'\r\n",
                    coding, kPagePolicy),
        bytes);
  const auto format = page.kind == Kind::kOpenMetrics ? MetricsFormat::kOpenMetrics : MetricsFormat::kText;
  return answer_header("200 OK", content_type(format),
                       fmt::format("{}Vary: Accept, Accept-Encoding\r\n", coding), bytes);
}

}  // namespace

std::optional<std::variant<PageRequest, std::string>> page_request(std::string_view received) {
  using Kind = WantedPage::Kind;
  const std::size_t end = received.find("\r\n\r\n");
  if (end == std::string_view::npos) return {};
  const std::string_view header = received.substr(0, end);
  constexpr std::string_view kHead = "HEAD ";
  constexpr std::string_view kGet = "GET ";
  PageRequest request{.page = {}, .is_head = header.starts_with(kHead)};
  const std::string_view target =
      header.substr(request.is_head ? kHead.size() : std::min(kGet.size(), header.size()));
  const bool is_known = request.is_head || header.starts_with(kGet);
  request.page.as_gzip = takes_gzip(value_of(header, "Accept-Encoding"));
  if (is_known && target.starts_with("/metrics ")) {
    const bool is_open = metrics_format(value_of(header, "Accept")) == MetricsFormat::kOpenMetrics;
    request.page.kind = is_open ? Kind::kOpenMetrics : Kind::kMetricsText;
    return request;
  }
  if (!is_known || !target.starts_with("/ "))
    return in_words("404 Not Found", "look at / or /metrics\n", request.is_head);
  if (!is_address(value_of(header, "Host")))
    return in_words("421 Misdirected Request", "ask for this page by its address, or as localhost\n",
                    request.is_head);
  request.page.kind = Kind::kStatus;
  return request;
}

PageAnswer::PageAnswer(WantedPage page, Text text) : page_(page), text_(std::move(text)) {
  if (!page.as_gzip) return;
  if (auto gzip = compress::Gzip::make()) gzip_ = std::move(*gzip);
}

bool PageAnswer::add_piece() {
  std::string piece;
  const bool has_more = text_(gzip_ ? piece : body_);
  if (gzip_) {
    gzip_->add(piece, body_);
    if (!has_more) gzip_->finish(body_);
  }
  if (!has_more) header_ = header_of(page_, gzip_.has_value(), body_.size());
  return has_more;
}

}  // namespace tsmtp::control

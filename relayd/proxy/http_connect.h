// CONNECT of an HTTP proxy (RFC 9110 section 9.3.6), said in HTTP/1.1 (RFC 9112), with Basic credentials (RFC
// 7617) where there is a user.
#pragma once

#include <string>
#include <string_view>

#include "relayd/proxy/dialogue.h"

namespace tsmtp::proxy {

class HttpConnect : public Dialogue {
 public:
  /// All that the proxy may say before the empty line.
  static constexpr std::size_t kMaxHeaderBytes = 16UL * 1024;

  HttpConnect(const settings::Proxy& proxy, const base::HostPort& hub);

  [[nodiscard]] base::Result<std::size_t> receive(std::string_view bytes) override;

 private:
  enum class Status { kInterim, kYes };

  [[nodiscard]] base::Result<void> take_line(std::string_view line);
  [[nodiscard]] base::Result<Status> status_of(std::string_view line) const;

  /// What it says behind the code, but for what it must not repeat of ours.
  [[nodiscard]] std::string reason(std::string_view said) const;

  bool has_user_;
  std::string password_;
  std::string credentials_;  // user and password, as they are said
  std::string line_;         // as far as it has come
  std::size_t header_bytes_ = 0;
  bool is_at_status_ = true;  // the next line is one
  Status status_ = Status::kInterim;
};

}  // namespace tsmtp::proxy

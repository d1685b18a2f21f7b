#include "relayd/forward/ftp/openings.h"

#include <algorithm>

namespace tsmtp::forward::ftp {

base::Result<base::HostPort> Openings::listen_alone(Token token) {
  forget_all();
  return listen(token);
}

base::Result<base::HostPort> Openings::listen(Token token) {
  make_room();
  auto address = host_.listen(token);
  if (address) tokens_.push_back(token);
  return address;
}

void Openings::expect_alone(Token token, const base::HostPort& where) {
  forget_all();
  expect(token, where);
}

void Openings::expect(Token token, const base::HostPort& where) {
  make_room();
  host_.expect(token, where);
  tokens_.push_back(token);
}

void Openings::forget(Token token) {
  const auto at = std::find(tokens_.begin(), tokens_.end(), token);
  if (at == tokens_.end()) return;
  host_.forget(token);
  tokens_.erase(at);
}

void Openings::forget_all() {
  while (!tokens_.empty())
    forget(tokens_.front());
}

void Openings::make_room() {
  while (tokens_.size() >= kMax)
    forget(tokens_.front());
}

}  // namespace tsmtp::forward::ftp

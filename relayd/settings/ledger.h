// [ledger]: where the outcomes of mails are remembered, and what is done when that cannot be reached. Plain
// data: checked by the reader, taken as it is by whoever needs it. The defaults of all keys stand in this
// struct and nowhere else.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "relayd/base/host_port.h"

namespace tsmtp::settings {

/// Who remembers: this hub alone, or all hubs of its site together.
enum class LedgerEngine { kLocal, kEtcd };

/// What becomes of mail while etcd cannot be asked.
enum class OnEngineLoss {
  kDefer,  ///< it is put off
  kLocal,  ///< it goes on, remembered by this hub alone
};

/// What becomes of a mail that another hub claimed without saying how it ended.
enum class OnLostHub {
  kWait,    ///< until that hub is back, or an administrator decides
  kResend,  ///< it is delivered anew after `resend_after`
};

/// "https://etcd1.example:2379"
struct EngineEndpoint {
  base::HostPort address;
  bool is_clear = false;  ///< http: without TLS

  friend bool operator==(const EngineEndpoint&, const EngineEndpoint&) = default;
  [[nodiscard]] std::string to_string() const {
    return (is_clear ? "http://" : "https://") + address.to_string();
  }
};

/// Files as PEM. Empty: none.
struct EngineFiles {
  std::string ca{};
  std::string certificate{};
  std::string key{};
  std::string password{};  ///< the password of `user`, alone on its line

  friend bool operator==(const EngineFiles&, const EngineFiles&) = default;
};

struct Ledger {
  LedgerEngine engine = LedgerEngine::kLocal;
  std::vector<EngineEndpoint> endpoints{};  ///< of etcd, tried in order
  EngineFiles files{};
  std::string user{};               ///< of etcd; empty: none
  std::string prefix = "/tsmtp";    ///< of all keys; without a slash at the end
  std::chrono::seconds timeout{5};  ///< of a request
  OnEngineLoss on_engine_loss = OnEngineLoss::kDefer;
  OnLostHub on_lost_hub = OnLostHub::kWait;
  std::chrono::seconds resend_after{3600};
  bool share_doubts = false;

  friend bool operator==(const Ledger&, const Ledger&) = default;
};

}  // namespace tsmtp::settings

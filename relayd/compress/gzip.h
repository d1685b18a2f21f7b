// A page made smaller for the scraper or browser that asks for it: one gzip member (RFC 1952), piece by
// piece. It is for pages of our own alone: no content of a mail, and nothing that a peer may choose beside a
// secret.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "relayd/base/result.h"

struct z_stream_s;

namespace tsmtp::compress {

class Gzip {
 public:
  /// It holds 260 KiB, whatever comes. Fails for want of memory.
  [[nodiscard]] static base::Result<Gzip> make();

  /// Takes `bytes`, and appends to `out` what there is of the member.
  void add(std::string_view bytes, std::string& out);
  /// The end of the member. Nothing may be called afterwards.
  void finish(std::string& out);

 private:
  struct End {
    void operator()(z_stream_s* stream) const;
  };
  explicit Gzip(z_stream_s* stream) : stream_(stream) {}
  void run(std::string_view bytes, int flush, std::string& out);

  std::unique_ptr<z_stream_s, End> stream_;
};

}  // namespace tsmtp::compress

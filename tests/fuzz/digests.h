// Digests without a key: they depend on every byte, and tell the same from different well enough.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "relayd/base/keyed_digest.h"

namespace tsmtp::fuzz {

class PlainDigest : public base::KeyedDigest {
 public:
  void update(std::string_view bytes) override { bytes_ += bytes; }
  std::string finish() override {
    std::string digest = std::to_string(std::hash<std::string>()(bytes_));
    digest.resize(32, ' ');
    return digest;
  }

 private:
  std::string bytes_;
};

class PlainDigests : public base::DigestMaker {
 public:
  std::unique_ptr<base::KeyedDigest> start() const override { return std::make_unique<PlainDigest>(); }
  std::string new_identifier() const override {
    std::string id = std::to_string(++made_);
    id.resize(16, ' ');
    return id;
  }

 private:
  mutable int made_ = 0;
};

}  // namespace tsmtp::fuzz

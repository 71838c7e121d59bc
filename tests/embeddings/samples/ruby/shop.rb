# frozen_string_literal: true

require "set"

LIMIT = 10
ROUND = ->(price) { price.round(2) }
$open = true

=begin
Everything in the shop.
=end
module Shop
  # What a thing costs and weighs.
  Weight = Struct.new(:grams, :price) do
    # Whether it is heavy.
    def heavy?
      grams > LIMIT * 100
    end
  end

  # A basket of things.
  class Basket < Base
    include Comparable

    # The things inside.
    attr_accessor :items
    attr_reader :size, :owner

    SIZES = %w[small large].freeze
    @@count = 0

    scope :late, ->(days) { where("age > ?", days) }

    class << self
      # Makes a basket.
      def make(items, size: 1, &block)
        new(items, size).tap(&block)
      end
    end

    def self.load(path) = new(YAML.load_file(path))

    # Compares by total.
    def <=>(other)
      total <=> other.total
    end

    def [](index)
      @items[index]
    end

    def owner=(name)
      raise ArgumentError, "no owner #{name}" unless name && !name.empty?

      @owner = name
    end

    define_method(:empty?) do
      @items.size.zero?
    end

    alias_method :length, :size
    alias count size

    private def total
      @items.sum { |item| item.price + 1.5 }
    rescue NoMethodError
      -1
    end

    def clear; end
  end

  class Error < StandardError; end

  # Prints prices.
  module Printing
    def print_price(price)
      puts <<~TEXT
        It costs #{price}.
      TEXT
    end
  end
end

class Shop::Basket
  # Basket in words.
  def to_s
    "#{size} things"
  end
end

def Shop.open?
  $open
end

# A helper.
def helper(a, *rest)
  [a, *rest].map(&:to_s)
end

namespace :stock do
  desc "Counts what is there"
  task :count, [:shelf] => :environment do |_task, args|
    puts args[:shelf]
  end
  task sum: %w[count] do
    puts "sum"
  end
end

get "/items/:id" do
  json Item.find(params[:id])
end

RSpec.describe Shop::Basket, type: :model do
  let(:basket) { described_class.make([]) }

  context "when new" do
    it "is empty" do
      expect(basket).to be_empty
    end
  end
end

#!/usr/bin/perl
use strict;
use warnings;

package Shop::Basket;
use parent 'Shop::Thing';

our $VERSION = '1.0';
my %prices = (apple => 1.5, pear => 2);
use constant LIMIT => 10;

=head1 NAME

Shop::Basket - a basket of things

=head2 add

Adds an item, unless the basket is full.

=cut

sub add {
    my ($self, $item) = @_;
    my $total = sub { return scalar @_ };
    if (@{ $self->{items} } >= LIMIT) {
        die "full: $item";
    }
    push @{ $self->{items} }, $item;
    return $self->add_price($prices{$item} // 0);
}

# How many there are.
sub size($self) { scalar @{ $self->{items} } }

sub later($$);

has owner => (is => 'ro', default => sub { 'nobody' });

around size => sub {
    my ($original, @rest) = @_;
    return $original->(@rest);
};

package Shop::Shelf {
    sub open { 1 }
}

package main;

my $handler = sub { print "handled\n" };

get '/items/:id' => sub {
    my $c = shift;
    $c->render(text => 'an item');
};

subtest 'a basket takes an item' => sub {
    is(Shop::Basket->new->size, 0);
};

BEGIN { $ENV{SHOP} = 1 }

print <<"TEXT";
Hello from $0
TEXT

1;

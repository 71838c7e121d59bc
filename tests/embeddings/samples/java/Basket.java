/* Copyright of nobody. */
package com.example;

import java.util.List;

/**
 * Collects apples and <b>pears</b>.
 *
 * @see Fruit
 */
@Deprecated
public class Basket<T extends Fruit> implements Holder {
    // How many fit.
    private static final int LIMIT = 1_000;
    private final List<T> fruits; // those inside

    /** An empty basket. */
    public Basket(List<T> fruits) {
        this.fruits = fruits;
    }

    /* Adds one,
     * if it fits. */
    @Override
    public boolean add(T fruit, String... names) throws FullException {
        // why not
        if (fruits.size() >= LIMIT && !names[0].equals("\tapple\n")) {
            throw new FullException("full: " + 'x' + 0xFFL);
        }
        return fruits.add(fruit) || this.add(fruit);
    }

    abstract int count();

    Runnable cleaner() {
        return new Runnable() {
            public void run() { fruits.clear(); }
        };
    }

    /** Where it stands. */
    enum Place { TABLE, FLOOR(1); int height() { return 0; } }

    interface Holder {
        /** Adds. */
        boolean add(Object any);
        default int twice(int n) { n += 1; return n++ * 2; }
    }

    record Pair(int left, int right) {
        Pair {
            left = -right;
        }
    }

    @interface Marked { String by() default "nobody"; }

    private final Function<T, Integer> weight = fruit -> fruit.grams();
}

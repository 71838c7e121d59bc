type Props = { label: string };

/** A button that says its label. */
export const Button = ({ label }: Props): JSX.Element => (
  <button onClick={() => alert(label)}>Say {label}!</button>
);
